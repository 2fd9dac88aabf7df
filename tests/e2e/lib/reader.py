"""A client of a sidecar that nothing may escape."""
from .wait import eventually


class Skipped(Exception):
    """A poll jumped over an offset: no waiting makes that good."""


class Reader:
    """Collects what polls bring, and checks that no poll jumps over an offset."""

    def __init__(self, sidecar):
        self.sidecar = sidecar
        self.found = {}
        self.seen = {}

    def step(self, commit=True):
        answer = self.sidecar.http.get("/v1/poll", timeout_ms=300)
        if answer.status in (502, 503, 504, 409):
            answer.problem(answer.status)
            return
        for row in answer.ok()["records"]:
            partition, offset = row["partition"], row["offset"]
            if offset > self.seen.get(partition, -1) + 1:
                raise Skipped(f"{offset} of {partition} came after {self.seen.get(partition)}")
            self.seen[partition] = max(offset, self.seen.get(partition, -1))
            self.found[partition, offset] = row["value"].encode()
        if commit:
            self.sidecar.http.post("/v1/commit")  # may be refused while there is trouble

    def read(self, check, timeout_s=60, what=None):
        """Polls until a check holds."""
        def step():
            self.step()
            return check()
        eventually(step, timeout_s, what)

    def read_to_the_end(self, stored):
        """Polls until all of {(partition, offset): value} has come; nothing else may."""
        self.read(lambda: stored.keys() <= self.found.keys(),
                  what="everything has come")
        assert self.found == stored
