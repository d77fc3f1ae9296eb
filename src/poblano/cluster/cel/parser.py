"""From the source of an expression to its syntax tree.

Source: github.com/google/cel-spec/blob/master/doc/langdef.md, "Syntax" and "Macros"
"""

from __future__ import annotations

from typing import Final, NoReturn

from poblano.cluster.cel.errors import CompileError, Issue
from poblano.cluster.cel.macros import expand, is_macro
from poblano.cluster.cel.syntax import Call, Constant, ListOf, MapOf, Name, Node, Select
from poblano.cluster.cel.tokens import BadToken, Token, tokens

_LEVELS: Final = (("||",), ("&&",), ("<", "<=", ">=", ">", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"))
_RESERVED: Final = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"}
    | {"namespace", "return", "var", "void", "while"}
)
_DEEPEST: Final = 250
"""cel-go: parser.defaultMaxRecursionDepth"""
_LONGEST: Final = 100_000
"""cel-go: the default expression size limit, in code points."""
_LARGEST_INT, _SMALLEST_INT, _LARGEST_UINT = 2**63 - 1, -(2**63), 2**64 - 1
_OPENERS: Final = (
    "'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER"
)
_ARGUMENTS: Final = _OPENERS.replace("'(', ", "'(', ')', ")
_MESSAGES: Final = ("Object", "JSONPatch")
"""What the types that mutations of admission policies make are called, or begin with."""


def _root(node: Node) -> str:
    while isinstance(node, Select):
        node = node.of
    return node.name if isinstance(node, Name) else ""


class _Unreadable(Exception):
    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.message)
        self.issue = issue


def parse(source: str) -> Node:
    """The syntax tree of an expression.

    Raises:
        CompileError: where it is none.
    """
    if len(source) > _LONGEST:
        message = f"expression code point size exceeds limit: size: {len(source)}, limit {_LONGEST}"
        raise CompileError(source, [Issue(0, message)])
    try:
        return _Parser(source).whole()
    except (_Unreadable, BadToken) as wrong:
        raise CompileError(source, [wrong.issue]) from None


class _Parser:
    def __init__(self, source: str) -> None:
        self._tokens = tokens(source)
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._expression()
        if self._token.kind != "end":
            self._fail(f"extraneous input '{self._token.text}' expecting <EOF>")
        return node

    # ---- tokens

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._token
        self._next += 1
        return token

    def _at(self, *texts: str) -> bool:
        token = self._token
        return token.kind in ("symbol", "identifier") and token.text in texts

    def _accept(self, *texts: str) -> Token | None:
        return self._take() if self._at(*texts) else None

    def _expect(self, text: str, expecting: str = "") -> Token:
        if not self._at(text):
            self._fail(f"mismatched input '{self._token.text}' expecting {expecting or repr(text)}")
        return self._take()

    def _wrong(self, message: str, at: int | None = None, *, syntax: bool = True) -> _Unreadable:
        where = self._token.at if at is None else at
        return _Unreadable(Issue(where, f"Syntax error: {message}" if syntax else message))

    def _fail(self, message: str, at: int | None = None, *, syntax: bool = True) -> NoReturn:
        raise self._wrong(message, at, syntax=syntax)

    # ---- operators

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail(f"expression recursion limit exceeded: {_DEEPEST}", syntax=False)
        condition = self._binary(0)
        if mark := self._accept("?"):
            positive = self._binary(0)
            self._expect(":")
            condition = Call(mark.at, "_?_:_", None, (condition, positive, self._expression()))
        self._depth -= 1
        return condition

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while mark := self._accept(*_LEVELS[level]):
            name = "@in" if mark.text == "in" else f"_{mark.text}_"
            left = Call(mark.at, name, None, (left, self._binary(level + 1)))
        return left

    def _unary(self) -> Node:
        mark = self._accept("!", "-")
        if mark is None:
            return self._member()
        if mark.text == "-" and self._token.kind == "literal" and self._token.type in ("int", "double"):
            return self._member(negative=mark)
        count = 1
        while self._accept(mark.text):
            count += 1
        operand = self._member() if not self._at("!", "-") else self._unary()
        return Call(mark.at, "!_" if mark.text == "!" else "-_", None, (operand,)) if count % 2 else operand

    # ---- members

    def _member(self, negative: Token | None = None) -> Node:
        node = self._literal(self._take(), negative) if negative else self._primary()
        while mark := self._accept(".", "["):
            node = self._indexed(node, mark) if mark.text == "[" else self._selected(node, mark)
        if self._at("{") and _root(node) in _MESSAGES:
            return self._message(self._take())
        return node

    def _message(self, mark: Token) -> Node:
        """``Object.spec{replicas: 3}``: its fields are all there is to it, so that it is read as a map of them."""
        entries: list[tuple[Node, Node]] = []
        optional: set[int] = set()
        while not self._accept("}"):
            if self._accept("?"):
                optional.add(len(entries))
            name = self._take()
            if name.kind not in ("identifier", "quoted"):
                self._fail(f"mismatched input '{name.text}' expecting {{'}}', ',', '?', IDENTIFIER}}", name.at)
            self._expect(":")
            entries.append((Constant(name.at, name.text, "string"), self._expression()))
            if not self._accept(","):
                self._expect("}")
                break
        return MapOf(mark.at, tuple(entries), frozenset(optional))

    def _indexed(self, node: Node, mark: Token) -> Node:
        optional = self._accept("?")
        index = self._expression()
        self._expect("]")
        return Call(mark.at, "_[?_]" if optional else "_[_]", None, (node, index))

    def _selected(self, node: Node, mark: Token) -> Node:
        optional = self._accept("?")
        token = self._take()
        if token.kind == "quoted" or (optional and token.kind == "identifier"):
            return Select(mark.at, node, token.text, "optional" if optional else "value")
        if token.kind != "identifier" or token.text == "in":
            self._fail(f"no viable alternative at input '.{token.text}'", token.at)
        opened = self._accept("(")
        if opened is None:
            return Select(mark.at, node, token.text)
        arguments = self._arguments()
        if is_macro(token.text, node, len(arguments)):
            return self._expanded(token.text, node, arguments, opened.at)
        return Call(opened.at, token.text, node, arguments)

    def _arguments(self) -> tuple[Node, ...]:
        if self._accept(")"):
            return ()
        if self._token.kind == "end":
            self._expect(")", "{" + _ARGUMENTS + "}")
        found = [self._expression()]
        while self._accept(","):
            found.append(self._expression())
        self._expect(")")
        return tuple(found)

    def _expanded(self, name: str, target: Node | None, arguments: tuple[Node, ...], at: int) -> Node:
        made = expand(name, target, arguments, at)
        if isinstance(made, Issue):
            raise _Unreadable(made)
        return made

    # ---- primaries

    def _primary(self) -> Node:
        token = self._take()
        if token.kind == "literal":
            return self._literal(token)
        if token.kind == "identifier" and token.text != "in":
            return self._named(token)
        match token.text if token.kind == "symbol" else "":
            case "(":
                node = self._expression()
                self._expect(")")
                return node
            case "[":
                return self._list(token)
            case "{":
                return self._map(token)
            case "." if self._token.kind == "identifier":
                return self._named(self._take())
            case _:
                raise self._wrong(f"mismatched input '{token.text}' expecting {{{_OPENERS}}}", token.at)

    def _named(self, token: Token) -> Node:
        if token.text in _RESERVED:
            self._fail(f"reserved identifier: {token.text}", token.at, syntax=False)
        opened = self._accept("(")
        if opened is None:
            return Name(token.at, token.text)
        arguments = self._arguments()
        if is_macro(token.text, None, len(arguments)):
            return self._expanded(token.text, None, arguments, opened.at)
        return Call(opened.at, token.text, None, arguments)

    def _list(self, mark: Token) -> Node:
        items: list[Node] = []
        optional: set[int] = set()
        while not self._accept("]"):
            if self._accept("?"):
                optional.add(len(items))
            items.append(self._expression())
            if not self._accept(","):
                self._expect("]")
                break
        return ListOf(mark.at, tuple(items), frozenset(optional))

    def _map(self, mark: Token) -> Node:
        entries: list[tuple[Node, Node]] = []
        optional: set[int] = set()
        while not self._accept("}"):
            if self._accept("?"):
                optional.add(len(entries))
            key = self._expression()
            self._expect(":")
            entries.append((key, self._expression()))
            if not self._accept(","):
                self._expect("}")
                break
        return MapOf(mark.at, tuple(entries), frozenset(optional))

    def _literal(self, token: Token, negative: Token | None = None) -> Node:
        at = negative.at if negative else token.at
        value = -token.value if negative else token.value
        if token.type == "int" and not _SMALLEST_INT <= value <= _LARGEST_INT:
            self._fail("invalid int literal", at, syntax=False)
        if token.type == "uint" and value > _LARGEST_UINT:
            self._fail("invalid uint literal", at, syntax=False)
        return Constant(at, value, token.type)
