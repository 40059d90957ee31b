"""Answers to chain_order."""
from bank import right, wrong

GOOD = '''
def count_multiplications(shapes, order):
    total = 0
    if order == "reverse":
        for rows, columns in shapes[1:]:
            total += shapes[0][0] * rows * columns
    else:
        for rows, columns in shapes[:-1]:
            total += rows * columns * shapes[-1][1]
    return total

def chain_rule(jacobians, order, multiply):
    if order == "reverse":
        result = jacobians[0]
        for J in jacobians[1:]:
            result = multiply(result, J)
    else:
        result = jacobians[-1]
        for J in jacobians[-2::-1]:
            result = multiply(J, result)
    return result
'''


def with_line(old, new):
    assert old in GOOD, old
    return GOOD.replace(old, new)


right("good", GOOD)
right("reduce", '''
from functools import reduce

def count_multiplications(shapes, order):
    counted = []

    def product(left, right):
        counted.append(left[0] * left[1] * right[1])
        return left[0], right[1]

    if order == "reverse":
        reduce(product, shapes)
    else:
        reduce(lambda right, left: product(left, right), shapes[::-1])
    return sum(counted)

def chain_rule(jacobians, order, multiply):
    if order == "reverse":
        return reduce(multiply, jacobians)
    return reduce(lambda right, left: multiply(left, right), jacobians[::-1])
''')
right("recursion", '''
def count_multiplications(shapes, order):
    if len(shapes) == 1:
        return 0
    if order == "reverse":
        return count_multiplications(shapes[:-1], order) + shapes[0][0] * shapes[-1][0] * shapes[-1][1]
    return count_multiplications(shapes[1:], order) + shapes[0][0] * shapes[0][1] * shapes[-1][1]

def chain_rule(jacobians, order, multiply):
    if len(jacobians) == 1:
        return jacobians[0]
    if order == "reverse":
        return multiply(chain_rule(jacobians[:-1], order, multiply), jacobians[-1])
    return multiply(jacobians[0], chain_rule(jacobians[1:], order, multiply))
''')
wrong("orders_swapped", "reverse and forward are exchanged in the count",
      with_line('    total = 0\n    if order == "reverse":', '    total = 0\n    if order == "forward":'), names="other order")
wrong("always_reverse", "the count ignores the order", with_line('    total = 0\n    if order == "reverse":', '    total = 0\n    if True:'),
      names="other order")
wrong("first_counted", "counts a product with the identity",
      with_line("shapes[1:]:\n            total += shapes[0][0]", "shapes:\n            total += shapes[0][0]"),
      names="as if something stood before it")
wrong("outer_sizes", "m p instead of m n p", with_line("total += shapes[0][0] * rows * columns", "total += shapes[0][0] * columns"),
      names="instead of m n p")
wrong("last_columns", "the columns of the wrong matrix", with_line("rows * columns * shapes[-1][1]", "rows * columns * shapes[0][1]"),
      names="columns of the last matrix")
wrong("chain_swapped", "multiplies in the other order",
      with_line('    if order == "reverse":\n        result', '    if order == "forward":\n        result'), names="other order")
wrong("ignores_order", "always from the left",
      with_line("    else:\n        result = jacobians[-1]\n        for J in jacobians[-2::-1]:\n            result = multiply(J, result)\n",
                "    else:\n        result = jacobians[0]\n        for J in jacobians[1:]:\n            result = multiply(result, J)\n"), names="other order")
wrong("own_product", "does not call multiply", with_line("multiply(result, J)", "result @ J"), names="calls of multiply")
wrong("sides", "the new matrix on the wrong side", with_line("multiply(J, result)", "multiply(result, J)"))
wrong("identity", "begins with the identity: one product too many",
      with_line("result = jacobians[0]\n        for J in jacobians[1:]:", "result = np.eye(len(jacobians[0]))\n        for J in jacobians:"), names="calls of multiply")
wrong("first_rows", "the rows of the first matrix in forward order", with_line("rows * columns * shapes[-1][1]", "rows * columns * shapes[0][0]"),
      names="as they are in reverse order")
wrong("one_row", "takes the product so far for one row", with_line("total += shapes[0][0] * rows * columns", "total += rows * columns"),
      names="for a single row")
