"""Fixtures of the end-to-end tests: a real Kafka, topics, and sidecars that must end well.

pytest tests/e2e --sidecar build/release/kafka-sidecar --kafka-version 4.4.0 [-m short]
"""
import os
import pathlib
import signal
import sys

import pytest

TEST_BOUND_S = 300
LONGEST = ("test_volume.py", "test_trouble.py")
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lib.credentials import Credentials  # noqa: E402
from lib.document import DOCUMENT  # noqa: E402
from lib.kafka import FakeKafka, Kafka, NotAvailable  # noqa: E402
from lib.produce import SteadyProducer  # noqa: E402
from lib.secured import SecuredKafka  # noqa: E402
from lib.sidecar import Sidecar  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--sidecar", default="build/release/kafka-sidecar", help="the program under test")
    parser.addoption("--schemathesis-seconds", type=int, default=0,
                     help="how long made-up requests are sent; 0: not at all")
    parser.addoption("--reauthentication-seconds", type=int, default=8,
                     help="how long sessions of three seconds are renewed under load")
    parser.addoption("--kafka-version", default="4.4.0", help="4.4.0, 3.9.1, 2.8.2 or 2.1.1")


def pytest_configure(config):
    config.addinivalue_line("markers", "short: also run on old brokers in every CI run")
    config.addinivalue_line("filterwarnings", "ignore:.*_text is deprecated:DeprecationWarning")  # kafka-python's
    config.addinivalue_line("markers", "rig: needs no sidecar; tests what the other tests stand on")


def pytest_collection_modifyitems(items):
    """The longest first, so that of two processes neither ends alone with them."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_report_header(config):
    return f"sidecar: {config.getoption('--sidecar')}, Kafka {config.getoption('--kafka-version')}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """No test may hang: each has its time. And no answer may be other than the document says, even one
    that the test itself does not look at."""
    def over(*_):
        pytest.fail(f"{item.name} has taken more than {TEST_BOUND_S} s")
    signal.signal(signal.SIGALRM, over)
    signal.alarm(TEST_BOUND_S)
    DOCUMENT.complaints.clear()
    try:
        result = yield
    finally:
        signal.alarm(0)
    assert not DOCUMENT.complaints, "\n".join(DOCUMENT.complaints[:5])
    return result


# What of the document was seen. Workers of pytest-xdist tell the one that started them.

def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["seen"] = sorted(DOCUMENT.seen)
    elif is_whole(session.config) and DOCUMENT.rows() - DOCUMENT.seen and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    DOCUMENT.seen |= set(getattr(node, "workeroutput", {}).get("seen", ()))


def is_whole(config):
    """Every test was asked for, and Kafka was there."""
    option = config.option
    chosen = option.keyword or option.markexpr or option.deselect or option.collectonly or getattr(option, "lf", False)
    skipped = config.pluginmanager.get_plugin("terminalreporter").stats.get("skipped", ())
    return (not chosen and all(pathlib.Path(place).resolve() == ROOT / "tests" / "e2e" for place in config.args)
            and not any("NO REAL KAFKA" in str(report.longrepr) for report in skipped))


def pytest_terminal_summary(terminalreporter, config):
    """After a whole run, each call of the document with the statuses that were seen; in brackets what no
    test has seen."""
    rows, seen = DOCUMENT.rows(), DOCUMENT.seen
    terminalreporter.section(f"API document: {len(rows & seen)} of {len(rows)} rows seen")
    if not is_whole(config):
        return
    for line in DOCUMENT.table():
        terminalreporter.write_line(line)
    if rows - seen:
        terminalreporter.write_line(f"a whole run has to see every row; not seen: {sorted(rows - seen)}", red=True)


@pytest.fixture(scope="session")
def kafka_version(pytestconfig):
    return pytestconfig.getoption("--kafka-version")


@pytest.fixture(scope="session")
def binary(pytestconfig):
    """The program's path; there must be one."""
    path = ROOT / pytestconfig.getoption("--sidecar")
    assert os.access(path, os.X_OK), f"{path} is not built"
    return path


def start_kafka(*arguments, make=Kafka, **options):
    """A cluster; where none can be had the test is skipped, but never in CI."""
    try:
        return make(*arguments, **options)
    except NotAvailable as reason:
        if os.environ.get("CI"):
            pytest.fail(f"real Kafka is needed in CI: {reason}")
        pytest.skip(f"NO REAL KAFKA: {reason}")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory, kafka_version):
    """One broker that all tests share."""
    cluster = start_kafka(tmp_path_factory.mktemp("kafka"), kafka_version)
    yield cluster
    cluster.down()


@pytest.fixture(scope="session")
def secured_kafka(tmp_path_factory, kafka_version):
    """One broker with every secured listener, which all tests share."""
    if kafka_version == "2.1.1":
        pytest.skip("secured listeners are tried on 2.8.2 and newer")
    cluster = start_kafka(tmp_path_factory.mktemp("secured"), kafka_version, make=SecuredKafka)
    yield cluster
    cluster.down()


@pytest.fixture
def start_own_kafka(tmp_path, kafka_version):
    """Starts clusters that belong to one test, which may break them."""
    started = []

    def start(**options):
        folder = tmp_path / f"kafka-{len(started)}"
        folder.mkdir()
        started.append(start_kafka(folder, kafka_version, **options))
        return started[-1]

    yield start
    for cluster in started:
        cluster.down()


@pytest.fixture
def own_secured_kafka(start_own_kafka):
    """One broker with every secured listener, of the test's own."""
    return start_own_kafka(make=SecuredKafka)


@pytest.fixture
def own_kafka(start_own_kafka):
    """One broker of the test's own."""
    return start_own_kafka()


@pytest.fixture
def own_kafkas(start_own_kafka):
    """Three brokers of the test's own."""
    return start_own_kafka(brokers=3)


@pytest.fixture
def start_fake_kafka(binary, tmp_path):
    """Starts the project's fake Kafka: start_fake_kafka("--error", "Metadata:-1"). It has the topic t with two
    partitions, without records."""
    started = []

    def start(*options):
        log = tmp_path / f"fake-kafka-{len(started)}.log"
        started.append(FakeKafka(binary.parent / "fake-kafka", log, ["t:2"], *options))
        return started[-1]

    yield start
    for cluster in started:
        cluster.down()


@pytest.fixture
def topic(kafka):
    """A topic with one partition."""
    return kafka.create_topic()


@pytest.fixture
def group(request):
    """A group's name that nobody else uses."""
    return f"g-{request.node.name[:60]}-{os.urandom(4).hex()}"


@pytest.fixture
def start_sidecar(binary, tmp_path, group, request):
    """Starts sidecars: start_sidecar(bootstrap, topics, settings={…}). Each is ended by SIGTERM after
    the test, if the test has not done so, and must exit with 0 in time."""
    started = []

    def start(bootstrap, topics=(), **options):
        topics = [topics] if isinstance(topics, str) else topics
        options.setdefault("group", group)
        started.append(Sidecar(binary, tmp_path, bootstrap, topics=topics, **options))
        return started[-1]

    yield start
    running = [sidecar for sidecar in started if sidecar.running]
    for sidecar in running:
        sidecar.terminate()
    codes = []
    try:
        codes = [sidecar.wait_exit() for sidecar in running]
    finally:
        for sidecar in started:
            sidecar.kill()
            print(f"--- {' '.join(sidecar.command)}\n{sidecar.log[-8000:]}")
    assert all(code == 0 for code in codes), f"exit codes after SIGTERM: {codes}"
    for sidecar in started:
        sidecar.check_log()


@pytest.fixture
def steady(request):
    """Starts producers that are stopped after the test."""
    started = []

    def start(kafka, topic, partitions):
        started.append(SteadyProducer(kafka.bootstrap, topic, partitions))
        return started[-1]

    yield start
    for producer in started:
        producer.stopping.set()


@pytest.fixture
def reauthentication_seconds(pytestconfig):
    return pytestconfig.getoption("--reauthentication-seconds")


@pytest.fixture
def start_secured(secured_kafka, start_sidecar, tmp_path):
    """Starts sidecars that come in by a way to be secured: start_secured(way, topic, listener="REAUTH",
    changes={…properties…}, user=(name, password)). What they need is in the folder of `sidecar.credentials`, after
    `spoil` was called with that."""
    def start(way, topics=(), listener=None, changes=None, user=None, spoil=None, kafka=secured_kafka, **options):
        if not kafka.has(way):
            pytest.skip("this Kafka cannot check signed tokens")
        credentials = Credentials(tmp_path / f"credentials-{os.urandom(3).hex()}", kafka, way, user, changes)
        if spoil:
            spoil(credentials)
        bootstrap = kafka.address(listener or way.listener)
        sidecar = start_sidecar(bootstrap, topics, arguments=["--config", str(credentials.file)], **options)
        sidecar.credentials = credentials
        return sidecar

    return start


@pytest.fixture
def sidecar(kafka, topic, start_sidecar):
    """A sidecar that is the only member of its group and has the one partition of `topic`."""
    return start_sidecar(kafka.bootstrap, topic).wait_ready()
