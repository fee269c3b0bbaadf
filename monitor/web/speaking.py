"""Templates that are compiled into a language: their texts are looked up once, not each time a page is made."""

from collections.abc import Callable, Mapping

from jinja2 import nodes
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from monitor.web.wording import Wording
from monitor.words import Language


class Compiled(BytecodeCache):
    """What the templates of one language compile to, kept while the process lives."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


COMPILED: dict[Language, Compiled] = {"vi": Compiled(), "en": Compiled()}


def speaking(wording: Wording) -> type[CodeGenerator]:
    """A compiler that puts what `_("…")` and `pgettext("…", "…")` say in place of the call where nothing is filled in:
    a list of a hundred rows would make thousands of them."""

    class Speaking(CodeGenerator):
        def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
            super().visit_Template(_Said(wording).visit(node), frame)

    return Speaking


class _Said(NodeTransformer):
    def __init__(self, wording: Wording) -> None:
        self._ways: Mapping[str, Callable[..., str]] = {"_": wording.say, "pgettext": wording.say_in}

    def visit_Call(self, call: nodes.Call) -> nodes.Node:
        self.generic_visit(call)
        say = self._ways.get(call.node.name) if isinstance(call.node, nodes.Name) else None
        texts = [arg.value for arg in call.args if isinstance(arg, nodes.Const)]
        if say is None or len(texts) < len(call.args) or call.kwargs or call.dyn_args or call.dyn_kwargs:
            return call
        # as the call would: a text of a template is markup, and its doubled percent signs are single ones
        said = Markup(say(*texts)) % {}  # noqa: S704 - a text of the templates, never data
        return nodes.MarkSafe(nodes.Const(str(said)), lineno=call.lineno)
