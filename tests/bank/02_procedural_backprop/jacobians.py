"""Answers to jacobians."""
from bank import right, wrong

GOOD = '''
import math

def derivative_shape(of, with_respect_to):
    if not of and len(with_respect_to) > 1:
        return tuple(with_respect_to)
    return math.prod(of), math.prod(with_respect_to)

def linear_jacobian(w):
    return w[:, 1:].copy()

def softmax_jacobian(y_hat):
    return np.diag(y_hat) - np.outer(y_hat, y_hat)

def relu_jacobian(a):
    return np.diag(np.where(a > 0, 1.0, 0.0))
'''


def with_line(old, new):
    assert old in GOOD, old
    return GOOD.replace(old, new)


right("other_way", '''
def size(shape):
    n = 1
    for k in shape:
        n *= k
    return n

def derivative_shape(of, with_respect_to):
    return with_respect_to if of == () and len(with_respect_to) >= 2 else (size(of), size(with_respect_to))

def linear_jacobian(w):
    return np.delete(w, 0, axis=1)

def softmax_jacobian(y_hat):
    return y_hat[:, None] * (np.eye(len(y_hat)) - y_hat)

def relu_jacobian(a):
    J = np.zeros((len(a), len(a)))
    for i, value in enumerate(a):
        if value > 0:
            J[i, i] = 1
    return J
''')
right("good", GOOD)
wrong("shape_swapped", "numerator and denominator are swapped",
      with_line("math.prod(of), math.prod(with_respect_to)", "math.prod(with_respect_to), math.prod(of)"),
      names="rows and columns are swapped")
wrong("shape_joined", "shapes are joined, not flattened",
      with_line("return math.prod(of), math.prod(with_respect_to)",
                "return of + with_respect_to"), names="shapes are joined")
wrong("no_matrix_rule", "a scalar by a matrix is flattened too",
      with_line("if not of and len(with_respect_to) > 1:", "if False:"), names="has the matrix's shape")
wrong("matrix_of_anything", "a batch by a matrix has the matrix's shape",
      with_line("if not of and len(with_respect_to) > 1:", "if len(with_respect_to) > 1:"), names="only the derivative of a scalar")
wrong("linear_bias", "the column of the biases is in it", with_line("w[:, 1:].copy()", "w"), names="column of the biases")
wrong("linear_transposed", "transposed", with_line("w[:, 1:].copy()", "w[:, 1:].T"), names="transposed")
wrong("softmax_diagonal", "only the diagonal", with_line("np.diag(y_hat) - np.outer(y_hat, y_hat)", "np.diag(y_hat * (1 - y_hat))"),
      names="only the diagonal")
wrong("softmax_no_outer", "the outer product is missing", with_line("np.diag(y_hat) - np.outer(y_hat, y_hat)", "np.diag(y_hat)"),
      names="outer product is missing")
wrong("softmax_sign", "the sign is turned", with_line("np.diag(y_hat) - np.outer(y_hat, y_hat)", "np.outer(y_hat, y_hat) - np.diag(y_hat)"),
      names="sign is wrong")
wrong("relu_values", "values instead of slopes", with_line("np.where(a > 0, 1.0, 0.0)", "np.maximum(a, 0)"),
      names="values of ReLU")
wrong("relu_vector", "a vector of slopes", with_line("np.diag(np.where(a > 0, 1.0, 0.0))", "np.where(a > 0, 1.0, 0.0)"),
      names="slopes are returned as a vector")
wrong("relu_at_zero", "1 at exactly 0", with_line("a > 0", "a >= 0"), names="at exactly 0")
wrong("scalar_by_batch", "only a matrix keeps its shape, a batch of three axes does not",
      with_line("len(with_respect_to) > 1", "len(with_respect_to) == 2"), names="has the matrix's shape")
