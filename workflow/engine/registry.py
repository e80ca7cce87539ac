"""The definitions known here: those that were registered, and what the store remembers."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection, func, select

from state_machines import catalog
from state_machines.definitions.lifecycle import Lifecycle, load, load_new
from state_machines.errors import DefinitionError, Problem
from workflow.errors import DefinitionChanged, NotUnderstood, UnknownDefinition
from workflow.store.port import Store, Version
from workflow.store.schema import definitions, subjects

_FEW = 2


def digest(source: str) -> str:
    """SHA-256 of a definition's text, hexadecimal."""
    return hashlib.sha256(source.encode()).hexdigest()


class Registry:
    """Definitions by name and version, compiled once a process: those of the catalog when they are asked for.

    A version never changes: the first text registered under a name and version stays.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, int], Lifecycle] = {}
        self._shipped: dict[tuple[str, int], tuple[str, str | None]] = {}
        """Texts of the catalog that nobody has asked for: to compile them all is most of a start."""
        self._latest: dict[str, int] = {}
        self._compiling: dict[tuple[str, int], Lock] = {}
        self._not_understood: dict[Version, list[Problem]] = {}
        self.generation = 0
        """How often a newer version, or another lifecycle, has become known here."""

    def register(self, sources: Iterable[tuple[str, str | None]], now: datetime) -> None:
        """Make known and remember definitions, given as (YAML text, file name or None).

        Raises:
            DefinitionError: a text is not a definition, or must not become one.
            DefinitionChanged: its name and version stand for another text already.
        """
        stored = self._stored()
        kept = set(stored.values())
        wanted: dict[tuple[str, int], str] = {}
        compiled: list[Lifecycle] = []
        for text, file in sources:
            place = catalog.place_of(text)
            if place is None:
                one = (load if digest(text) in kept else load_new)(text, file)
                compiled.append(one)
                place = one.name, one.version
            else:
                self._shipped[place] = text, file
            wanted[place] = text
        for place, text in wanted.items():
            if stored.get(place, digest(text)) != digest(text):
                raise DefinitionChanged(*place)
        missing = {place: text for place, text in wanted.items() if place not in stored}
        if missing:
            self._remember(missing, now)
        for one in compiled:
            self._known[one.name, one.version] = one
        for place in wanted:
            self._note(*place)

    def compile_before_fork(self, processes: int) -> None:
        """Compile all newest versions now if many processes would each do so and keep them in its memory.

        Few are ready sooner without: each compiles what it is asked for.
        """
        if processes > _FEW:
            for name in self.names():
                self.known(name)

    def compile_ahead(self, goes_on: Callable[[], bool]) -> None:
        """Compile all newest versions that are not compiled yet, as long as `goes_on()` before each.

        It takes seconds of CPU, and is for a thread beside those that answer.
        """
        for name in self.names():
            if not goes_on():
                return
            try:
                self.known(name)
            except DefinitionError:  # whoever asks for it is told
                continue

    def take_up(self, names: Collection[str]) -> None:
        """Make the newest stored version known of each of these lifecycles that the store keeps.

        One that is not understood here is passed over.
        """
        by_name = definitions.c.lifecycle
        newest = select(by_name, func.max(definitions.c.version)).group_by(by_name)
        with self._store.connect() as connection:
            found = connection.execute(newest).all()
        for name, version in found:
            if name in names and self._is_understood(name, version):
                self._note(name, version)

    def _is_understood(self, name: str, version: int) -> bool:
        """Whether it can be used here; of what ships nobody needs to look."""
        if (name, version) in self._shipped:
            return True
        try:
            self.get(name, version)
        except NotUnderstood:
            return False
        return True

    def refuse_unsound(self, sources: Sequence[tuple[str, str | None]]) -> None:
        """Refuse texts that are to be registered for the first time and that `check` objects to.

        Raises:
            DefinitionError: with everything that it says.
        """
        if not sources:
            return
        kept = set(self._stored().values())
        new = [(text, file) for text, file in sources if digest(text) not in kept]
        if not new:
            return
        from state_machines.check import check, readable  # needed once in the life of a version

        known = readable(text for text, _ in sources)
        problems = [problem for text, file in new for problem in check(text, file, known)]
        if problems:
            raise DefinitionError(problems)

    @property
    def not_understood(self) -> frozenset[Version]:
        """Registered versions that turned out not to be usable in this process; others may use them.

        Their subjects are not to be decided here: a worker of the version before may start again, after a
        newer one has registered what it cannot read.
        """
        return frozenset(self._not_understood)

    def look_over(self) -> list[NotUnderstood]:
        """Load every text that the store keeps; those that are not understood here and that something needs.

        One is needed while it is the newest of its name or a subject that is open lives by it.
        """
        columns = (definitions.c.lifecycle, definitions.c.version, definitions.c.source)
        query = select(*columns).order_by(definitions.c.lifecycle, definitions.c.version)
        needed: list[NotUnderstood] = []
        with self._store.connect() as connection:
            found = connection.execute(query).all()
            newest = {name: version for name, version, _ in found}
            for name, version, source in found:
                if (name, version) in self._known or (name, version) in self._shipped:
                    continue
                try:
                    self._loaded(name, version, source)
                except NotUnderstood as error:
                    if newest[name] == version or _lives_by(connection, name, version):
                        needed.append(error)
        return needed

    def _stored(self) -> dict[tuple[str, int], str]:
        with self._store.connect() as connection:
            return self._digests(connection)

    def _digests(self, connection: Connection) -> dict[tuple[str, int], str]:
        """Of all texts that are registered, by name and version."""
        columns = (definitions.c.lifecycle, definitions.c.version, definitions.c.digest)
        return {(name, version): found for name, version, found in connection.execute(select(*columns))}

    def _remember(self, texts: Mapping[tuple[str, int], str], now: datetime) -> None:
        from sqlalchemy.dialects import postgresql, sqlite  # needed once in the life of a version

        insert = postgresql.insert if self._store.dialect == "postgresql" else sqlite.insert
        rows = [
            {
                "lifecycle": name,
                "version": version,
                "digest": digest(text),
                "source": text,
                "registered_at": now,
            }
            for (name, version), text in sorted(texts.items())
        ]
        with self._store.begin() as transaction:
            # Another process may start at this moment: the text that is stored first stays.
            transaction.connection.execute(insert(definitions).on_conflict_do_nothing(), rows)
            kept = self._digests(transaction.connection)
            for place, text in texts.items():
                if kept[place] != digest(text):
                    raise DefinitionChanged(*place)  # and none of the others is stored

    def _note(self, name: str, version: int) -> None:
        if version > self._latest.get(name, 0):
            self._latest[name] = version
            self.generation += 1

    def get(self, name: str, version: int) -> Lifecycle:
        """One version, from memory or from the store.

        Raises:
            UnknownDefinition: neither knows it.
            NotUnderstood: the store has it, and this process cannot use it.
        """
        known = self._known.get((name, version))
        if known is None:
            with self._compiling.setdefault((name, version), Lock()):  # whoever comes second waits for it
                shipped = self._shipped.get((name, version))
                known = load(*shipped) if shipped else self._from_store(name, version)
                self._known[name, version] = known
        return known

    def is_compiled(self, name: str) -> bool:
        """Whether the newest version known of a name is at hand: `known` takes no time then."""
        return (name, self._latest.get(name)) in self._known

    def known(self, name: str) -> Lifecycle | None:
        """The newest version that this process knows of a name; asks nobody."""
        version = self._latest.get(name)
        return None if version is None else self.get(name, version)

    def latest(self, name: str) -> Lifecycle:
        """The newest version of a name, which new subjects start with.

        Raises:
            UnknownDefinition: nobody registered one.
        """
        known = self.known(name)
        if known is not None:
            return known
        with self._store.connect() as connection:
            version = connection.execute(
                select(func.max(definitions.c.version)).where(definitions.c.lifecycle == name)
            ).scalar()
        if version is None:
            raise UnknownDefinition(name)
        lifecycle = self.get(name, version)
        self._note(name, version)
        return lifecycle

    def versions(self, name: str) -> list[int]:
        """The numbers of all versions of a name that the store remembers, the oldest first."""
        query = select(definitions.c.version).where(definitions.c.lifecycle == name)
        with self._store.connect() as connection:
            return list(connection.scalars(query.order_by(definitions.c.version)))

    def triggers(self, name: str) -> Collection[str] | None:
        """The triggers of the newest version that is known of a lifecycle; None of one that is not known."""
        lifecycle = self.known(name)
        return None if lifecycle is None else lifecycle.triggers.keys()

    def names(self) -> list[str]:
        """Names of all lifecycles known to this process."""
        return sorted(self._latest)

    def _from_store(self, name: str, version: int) -> Lifecycle:
        with self._store.connect() as connection:
            source = connection.execute(
                select(definitions.c.source).where(
                    definitions.c.lifecycle == name, definitions.c.version == version
                )
            ).scalar()
        if source is None:
            raise UnknownDefinition(name, version)
        return self._loaded(name, version, source)

    def _loaded(self, name: str, version: int, source: str) -> Lifecycle:
        """A text of the store. Raises NotUnderstood, and remembers that."""
        place = Version(name, version)
        problems = self._not_understood.get(place)
        if problems is None:
            try:
                return load(source, str(place))
            except DefinitionError as error:
                problems = self._not_understood[place] = error.problems
        raise NotUnderstood(name, version, problems)


def _lives_by(connection: Connection, name: str, version: int) -> bool:
    """Whether an open subject does. Reads the open subjects of that lifecycle: not for every start."""
    of_version = (subjects.c.lifecycle == name, subjects.c.version == version, subjects.c.closed_at.is_(None))
    return connection.scalar(select(subjects.c.id).where(*of_version).limit(1)) is not None
