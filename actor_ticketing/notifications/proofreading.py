"""Templates are read before the service starts, with all that they are made of: what cannot be used is told then."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, TemplateError, nodes

from actor_ticketing.config import ConfigurationError

_Reference = nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport


class Proofreader:
    """Compiles templates, and those that they name: what one computes only when it is rendered, nobody can look for.

    :param replacements: the directory whose files are taken rather than ours of the same name.
    """

    def __init__(self, environment: Environment, loader: FileSystemLoader, replacements: Path | None) -> None:
        self._environment = environment
        self._loader = loader
        self._replacements = replacements
        self._read: set[str] = set()

    def check(self, names: Iterable[str]) -> None:
        """Read them all.

        :raises ConfigurationError: naming the first that cannot be used.
        """
        for name in names:
            self._check(name, heirs=())

    def _check(self, name: str, *, heirs: tuple[str, ...]) -> None:
        if name in self._read:
            return
        self._read.add(name)
        for reference, choices in self._references(name):
            line = reference.lineno
            chosen = next((choice for choice in choices if self._is_there(choice)), None)
            extends = isinstance(reference, nodes.Extends)
            if chosen is None:
                if not (isinstance(reference, nodes.Include) and reference.ignore_missing):
                    raise _unusable(name, f"there is no {' or '.join(choices) or 'name'}", line)
            elif extends and chosen in (*heirs, name):
                raise _unusable(name, "extends itself", line)
            else:
                self._check(chosen, heirs=(*heirs, name) if extends else ())

    def _references(self, name: str) -> Iterator[tuple[_Reference, list[str]]]:
        """The templates that one is made of; of several the first that is there will be taken."""
        for node in self._compiled(name).find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
            assert isinstance(node, _Reference)  # noqa: S101 - of these kinds it was found.
            named = node.template.items if isinstance(node.template, nodes.List | nodes.Tuple) else [node.template]
            if named != [node.template] and not isinstance(node, nodes.Include):
                raise _unusable(name, "only what is included can be one of several", node.lineno)
            choices = [each.value for each in named if isinstance(each, nodes.Const) and isinstance(each.value, str)]
            if len(choices) == len(named):
                yield node, choices

    def _compiled(self, name: str) -> nodes.Template:
        try:
            # The loader passes over what is no file, and takes ours.
            if self._replacements is not None and _is_no_file(_place(self._replacements, name)):
                raise _unusable(name, "is not a file")
            source, filename, _ = self._loader.get_source(self._environment, name)
            self._environment.get_template(name)
            return self._environment.parse(source, name, filename)
        except TemplateError as error:
            raise _unusable(name, error.message or type(error).__name__, getattr(error, "lineno", None)) from error
        except RecursionError as error:
            raise _unusable(name, "is nested too deeply") from error
        except UnicodeDecodeError as error:
            raise _unusable(name, "is not UTF-8") from error
        except OSError as error:
            raise _unusable(name, error.strerror or type(error).__name__) from error

    def _is_there(self, name: str) -> bool:
        return any(os.path.lexists(_place(Path(directory), name)) for directory in self._loader.searchpath)


def _unusable(name: str, problem: str, line: int | None = None) -> ConfigurationError:
    where = name if line is None else f"{name}, line {line}"
    return ConfigurationError(f"mail.templates_dir: {where}: {problem}")


def _place(directory: Path, name: str) -> Path:
    return Path(directory, *name.split("/"))


def _is_no_file(path: Path) -> bool:
    return os.path.lexists(path) and not path.is_file()
