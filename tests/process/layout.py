"""The structs of shim/ledger/layout.h as ctypes, made from the header itself.

The sizes that the header asserts are asserted here too, so a misread field cannot pass.
"""
import ctypes
import pathlib
import re

HEADER = pathlib.Path(__file__).parents[2] / "shim" / "ledger" / "layout.h"

SCALARS = {
    "char": ctypes.c_char,
    "uint8_t": ctypes.c_uint8,
    "uint16_t": ctypes.c_uint16,
    "uint32_t": ctypes.c_uint32,
    "int32_t": ctypes.c_int32,
    "uint64_t": ctypes.c_uint64,
}


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def read_constants(text):
    """The values of all enums; all that layout.h uses are counted, literal or 1u << N."""
    constants = {}
    for body in re.findall(r"enum\s*\w*\s*\{(.*?)\}", text, flags=re.S):
        value = -1
        for item in filter(None, (part.strip() for part in body.split(","))):
            name, _, literal = (part.strip() for part in item.partition("="))
            value = eval_literal(literal, constants) if literal else value + 1
            constants[name] = value
    return constants


def eval_literal(literal, constants):
    shift = re.fullmatch(r"(\d+)u?\s*<<\s*(\d+)", literal)
    if shift:
        return int(shift[1]) << int(shift[2])
    return constants[literal] if literal in constants else int(literal, 0)


def read_field(line, structs, constants):
    """`uint64_t start, end;` is two fields, `char magic[8];` an array."""
    nested, kind, names = re.fullmatch(r"(struct\s+)?(\w+)\s+(.*)", line, flags=re.S).groups()
    base = structs[kind] if nested else SCALARS[kind]
    for name in (part.strip() for part in names.split(",")):
        array = re.fullmatch(r"(\w+)\[(\w+)\]", name)
        if array:
            yield array[1], base * eval_literal(array[2], constants)
        else:
            yield name, base


def read_structs(text, constants):
    structs = {}
    for name, body in re.findall(r"struct\s+(\w+)\s*\{(.*?)\};", text, flags=re.S):
        fields = []
        for line in filter(None, (part.strip() for part in body.split(";"))):
            fields.extend(read_field(line, structs, constants))
        structs[name] = type(name, (ctypes.Structure,), {"_fields_": fields})
    return structs


def check_sizes(text, structs, constants):
    asserted = re.findall(r"static_assert\(\s*sizeof\(struct (\w+)\)\s*==\s*([^,]+),", text)
    assert len(asserted) >= 10, "layout.h asserts the sizes of its structs"
    for name, expression in asserted:
        size = sum_of_products(expression, constants)
        assert ctypes.sizeof(structs[name]) == size, f"struct {name} was misread"


def sum_of_products(expression, constants):
    total = 0
    for term in expression.split("+"):
        product = 1
        for factor in term.split("*"):
            product *= eval_literal(factor.strip(), constants)
        total += product
    return total


TEXT = without_comments(HEADER.read_text())
CONSTANTS = read_constants(TEXT)
STRUCTS = read_structs(TEXT, CONSTANTS)
check_sizes(TEXT, STRUCTS, CONSTANTS)
VERSION = int(re.search(r"#define LEDGER_VERSION (\d+)u", TEXT)[1])
