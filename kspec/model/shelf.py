"""Knows all objects of one record type, in order of namespace and name, and finds them by owner."""

from __future__ import annotations

from bisect import bisect_left, insort

from kspec.model.objects import Key, Object, controller_of, key_of, metadata


class Shelf:
    """Objects of one type: the API server has a shelf of each, and so has whoever watches.

    `version` grows with every change, so that what was computed from a shelf can be kept until it changes.
    """

    __slots__ = ("_all", "_by_owner", "_keys", "_objects", "_orphans", "record", "version")

    def __init__(self, record: str) -> None:
        self.record = record
        self.version = 0
        self._objects: dict[Key, Object] = {}
        self._keys: list[Key] = []
        self._by_owner: dict[str, dict[Key, None]] = {}
        self._orphans: dict[str, dict[Key, None]] = {}
        self._all: list[Object] | None = None

    def __len__(self) -> int:
        return len(self._objects)

    def __contains__(self, key: Key) -> bool:
        return key in self._objects

    def get(self, key: Key) -> Object | None:
        return self._objects.get(key)

    def ordered(self) -> list[Key]:
        """The keys, in order of namespace and name."""
        return self._keys

    def all(self) -> list[Object]:
        """Every object, in order of namespace and name. The list is shared: do not change it."""
        if self._all is None:
            self._all = [self._objects[k] for k in self._keys]
        return self._all

    def in_namespace(self, namespace: str) -> list[Object]:
        low = bisect_left(self._keys, Key(self.record, namespace, ""))
        found = []
        for key in self._keys[low:]:
            if key.namespace != namespace:
                break
            found.append(self._objects[key])
        return found

    def has_any(self, namespace: str | None) -> bool:
        """Is there an object in this namespace, or (None) anywhere?"""
        if namespace is None:
            return bool(self._keys)
        at = bisect_left(self._keys, Key(self.record, namespace, ""))
        return at < len(self._keys) and self._keys[at].namespace == namespace

    def owned_by(self, uid: str) -> list[Object]:
        """The objects that name this uid as an owner, controller or not."""
        return [self._objects[k] for k in sorted(self._by_owner.get(uid, ()))]

    def orphans(self, namespace: str) -> list[Object]:
        """The objects of a namespace that no controller owns."""
        return [self._objects[k] for k in sorted(self._orphans.get(namespace, ()))]

    def put(self, obj: Object) -> None:
        """Adds the object or replaces the one of its name."""
        key = key_of(self.record, obj)
        old = self._objects.get(key)
        if old is None:
            insort(self._keys, key)
        else:
            self._unindex(key, old)
        self._objects[key] = obj
        for reference in metadata(obj).get("ownerReferences") or ():
            self._by_owner.setdefault(reference.get("uid", ""), {})[key] = None
        if controller_of(obj) is None:
            self._orphans.setdefault(key.namespace, {})[key] = None
        self._changed()

    def drop(self, key: Key) -> None:
        old = self._objects.pop(key, None)
        if old is not None:
            del self._keys[bisect_left(self._keys, key)]
            self._unindex(key, old)
            self._changed()

    def copy(self) -> Shelf:
        """An independent shelf with the same objects."""
        other = Shelf(self.record)
        other._objects = dict(self._objects)
        other._keys = list(self._keys)
        other._by_owner = {uid: dict(keys) for uid, keys in self._by_owner.items()}
        other._orphans = {namespace: dict(keys) for namespace, keys in self._orphans.items()}
        return other

    def _changed(self) -> None:
        self.version += 1
        self._all = None

    def _unindex(self, key: Key, obj: Object) -> None:
        for reference in metadata(obj).get("ownerReferences") or ():
            keys = self._by_owner.get(reference.get("uid", ""))
            if keys is not None:
                keys.pop(key, None)
                if not keys:
                    del self._by_owner[reference.get("uid", "")]
        self._orphans.get(key.namespace, {}).pop(key, None)
