"""The API's document as a judge: an answer that is not in it fails the test that got it. What was seen is
noted, so that nothing that the document promises stays untried."""
import functools
import json
import pathlib
import re

import jsonschema_rs

FILE = pathlib.Path(__file__).resolve().parents[3] / "proto" / "openapi.json"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# What any HTTP answer may have; others are to be in the document.
OF_HTTP = {"cache-control", "connection", "content-encoding", "content-length", "content-type", "date", "keep-alive",
           "transfer-encoding", "vary", "x-content-type-options"}
OF_BROWSERS = "access-control-"
# What is answered before the path is looked at, and so even to calls that are none.
BEFORE_ROUTING = ("BadQuery", "Unauthorized", "ForeignHost", "BodyTooLarge", "Busy")
# Answers that no call names, since they belong to all: what they are answers to, and their status.
OF_NO_CALL = {"NotFound": ("any other", 404), "MethodNotAllowed": ("any other", 405), "Options": ("OPTIONS", 204),
              "NoSuchConsumer": ("any consumer", 404), "ConsumerClosing": ("any consumer", 409),
              "ConsumerExpired": ("any consumer", 410)}
# Codes that any call of a consumer may have, when its name is in the path.
OF_ANY_CONSUMER = {"NO_SUCH_CONSUMER": "NoSuchConsumer", "CLOSED": "ConsumerClosing",
                   "CONSUMER_EXPIRED": "ConsumerExpired"}
NAMED_CONSUMER = re.compile("/v1/consumers/[^/]+/(?=[a-z])")


class NotInDocument(Exception):
    """An answer that the document does not have. No AssertionError: no waiting makes it good."""


def media_type(headers):
    return headers.get("content-type", "").split(";")[0].strip()


def listener_of(item):
    """Paths of the management listener have a server of their own."""
    servers = item.get("servers", [{}])
    return "management" if servers[0].get("description") == "management.listener" else "api"


class Operation:
    """One method of one path."""

    def __init__(self, method, path, item):
        self.method, self.path, self.listener = method.upper(), path, listener_of(item)
        self.responses = item[method]["responses"]
        self.pattern = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)))

    def __str__(self):
        return f"{self.method} {self.path}"


class Document:
    """The document, and what has been seen of it: rows such as "GET /v1/poll 200 application/json", and codes
    such as "409 POLL_IN_PROGRESS"."""

    def __init__(self, text):
        self.content = json.loads(text)
        self.components = self.content["components"]
        self.operations = [Operation(method, path, item) for path, item in self.content["paths"].items()
                           for method in METHODS if method in item]
        self.seen = set()
        self.complaints = []

    # What there is

    def resolve(self, one):
        """What a reference names; anything else is itself."""
        if "$ref" not in one:
            return one
        return functools.reduce(lambda at, name: at[name], one["$ref"].removeprefix("#/").split("/"), self.content)

    def responses(self, operation):
        """{status: response} of an operation."""
        return {int(status): self.resolve(one) for status, one in operation.responses.items()}

    def codes(self, response):
        """The codes that a problem may have."""
        schema = response.get("content", {}).get("application/problem+json", {}).get("schema", {})
        return [code for part in schema.get("allOf", ()) for code in part.get("properties", {}).get("code", {}).get("enum", ())]

    def rows(self):
        """All that there is to see."""
        found = {f"{operation} {status} {media}" for operation in self.operations
                 for status, response in self.responses(operation).items() for media in response.get("content", {"-": None})}
        for response in self.components["responses"].values():
            found |= {f"{status_of(response)} {code}" for code in self.codes(response)}
        for operation in self.operations:
            stream = self.responses(operation).get(200, {}).get("content", {}).get("text/event-stream", {})
            found |= {f"event {name}" for name in stream.get("x-events", ())}
        for name, (call, status) in OF_NO_CALL.items():
            found |= {f"{call} {status} {media}" for media in self.components["responses"][name].get("content", {"-": None})}
        return found

    def table(self):
        """A line for each call, and one for each status with its codes; in brackets what was not seen."""
        lines = {}
        for row in sorted(self.rows(), key=lambda row: (row[0].isdigit(), row)):
            key, text = row.rsplit(" ", 1)
            if text in ("application/json", "application/problem+json"):
                key, text = key.rsplit(" ", 1)
            if "/" in text:
                key, text = key.rsplit(" ", 1)[0], f"{key[-3:]} {text}"
            lines.setdefault(key, []).append(text if row in self.seen else f"[{text}]")
        return [f"{key:<32} {', '.join(texts)}" for key, texts in lines.items()]

    # Judging

    @functools.lru_cache(maxsize=None)
    def validator(self, schema_text):
        return jsonschema_rs.validator_for({**json.loads(schema_text), "components": self.components})

    def misfit(self, schema, value):
        """Why a value is not as a schema says; None when it is."""
        validator = self.validator(json.dumps(schema))
        if validator.is_valid(value):
            return None
        return "; ".join(f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"
                         for error, _ in zip(validator.iter_errors(value), range(3)))

    def fitting(self, listener, path):
        """The operations of a path."""
        return [one for one in self.operations if one.listener == listener and one.pattern.fullmatch(path)]

    def expected(self, listener, method, target, answer):
        """The name of a call, and its responses by status."""
        path = target.split("?")[0]
        fitting = self.fitting(listener, path)
        of_consumer = not fitting and listener == "api" and NAMED_CONSUMER.match(path)
        if of_consumer:  # every call of the configured consumer is one of any other
            fitting = self.fitting(listener, NAMED_CONSUMER.sub("/v1/", path))
        wanted = "GET" if method == "HEAD" else method
        operation = next((one for one in fitting if one.method == wanted), None)
        if of_consumer and fitting and answer.status >= 400 and answer.json.get("code") in OF_ANY_CONSUMER:
            return self.of_no_call(OF_ANY_CONSUMER[answer.json["code"]])
        if operation:
            return str(operation), self.responses(operation)
        return self.of_no_call("NotFound" if not fitting else "Options" if method == "OPTIONS" else "MethodNotAllowed")

    def of_no_call(self, name):
        named = self.components["responses"]
        call, status = OF_NO_CALL[name]
        return call, {**{status_of(named[other]): named[other] for other in BEFORE_ROUTING}, status: named[name]}

    def check_head(self, listener, method, target, answer):
        """Checks status, media type and headers; returns what the document has for the body."""
        call, responses = self.expected(listener, method, target, answer)
        self.demand(answer.status in responses, f"{call} has no status {answer.status}", method, target, answer)
        response = responses[answer.status]
        media = media_type(answer.headers)
        content = response.get("content", {"-": {}})
        self.demand(media in content or (answer.status == 204 and not media), f"{call} {answer.status} has no {media}",
                    method, target, answer)
        self.check_headers(response, method, target, answer)
        if self.is_row(call, answer.status):
            self.seen.add(f"{call} {answer.status} {media or '-'}")
        return content.get(media, {})

    def is_row(self, call, status):
        """An answer before routing, to what is no call, is none."""
        of_no_call = [of for of in OF_NO_CALL.values() if of[0] == call]
        return not of_no_call or (call, status) in of_no_call

    def check_headers(self, response, method, target, answer):
        documented = {name.lower(): self.resolve(one) for name, one in response.get("headers", {}).items()}
        for name in answer.headers.keys() - OF_HTTP:
            self.demand(name in documented or name.startswith(OF_BROWSERS), f"the header {name} is not in the document", method, target, answer)
        for name, header in documented.items():
            value = answer.headers.get(name)
            self.demand(value is not None or not header.get("required"), f"{name} is missing", method, target, answer)
            misfit = value is not None and self.misfit(header["schema"], value)
            self.demand(not misfit, f"{name}: {misfit}", method, target, answer)
        self.demand(answer.headers.get("cache-control") == "no-store", "Cache-Control: no-store is missing", method, target,
                    answer)

    def check(self, listener, method, target, answer):
        """Checks a whole answer."""
        content = self.check_head(listener, method, target, answer)
        media = media_type(answer.headers)
        if method == "HEAD" or answer.status == 204:
            self.demand(not answer.content, "a body where none is allowed", method, target, answer)
        elif "x-itemSchema" in content and media == "application/x-ndjson":
            for line in answer.lines:
                self.check_item(content, line, method, target)
        elif media.endswith("json"):
            misfit = self.misfit(content["schema"], answer.json)
            self.demand(not misfit, f"{answer.status}: {misfit}", method, target, answer)
            if answer.status >= 400:
                self.seen.add(f"{answer.status} {answer.json['code']}")
        else:
            self.demand(answer.content, "an empty body", method, target, answer)

    def check_item(self, content, item, method, target):
        """Checks one line of NDJSON."""
        misfit = self.misfit(content["x-itemSchema"], item)
        self.demand(not misfit, f"a line: {misfit}", method, target, item)

    def check_event(self, content, name, data, target):
        """Checks one server-sent event."""
        self.demand(name in content["x-events"], f"no event has the name {name}", "GET", target, data)
        misfit = self.misfit(content["x-events"][name], data)
        self.demand(not misfit, f"the event {name}: {misfit}", "GET", target, data)
        self.seen.add(f"event {name}")

    def demand(self, condition, complaint, method, target, answer):
        """Notes a complaint, for tests that swallow exceptions, and raises it."""
        if not condition:
            self.complaints.append(f"{method} {target}: {complaint}: {answer}")
            raise NotInDocument(self.complaints[-1])


def status_of(response):
    """The status of a named response, which a problem has in its schema."""
    return response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["status"]["const"]


DOCUMENT = Document(FILE.read_text())
