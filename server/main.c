// SPDX-License-Identifier: Apache-2.0
// The command line, the signals, and the exit code: 0 after a stop in good order, 1 when the start
// or a check fails, 2 for a wrong configuration.
#include "server/arguments.h"
#include "server/check.h"
#include "server/sidecar.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

enum { EXIT_CONFIGURATION = 2 };

/// What each signal asks for. All are blocked in all threads, and taken by main's alone.
static const int handled[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };

static void block_signals(sigset_t *signals) {
    (void)sigemptyset(signals);
    for (size_t i = 0; i < sizeof handled / sizeof handled[0]; i++)
        (void)sigaddset(signals, handled[i]);
    (void)pthread_sigmask(SIG_BLOCK, signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

/// Serves signals until one ends the process. The next one of those has its default action again:
/// it ends the process at once.
static void serve_signals(struct sidecar *sidecar, const sigset_t *signals) {
    int signal_number;
    do {
        signal_number = sigwaitinfo(signals, NULL);
        if (signal_number == SIGHUP) sidecar_reload(sidecar);
        if (signal_number == SIGUSR1) sidecar_toggle_debug(sidecar);
    } while (signal_number != SIGTERM && signal_number != SIGINT);
    sigset_t ending;
    (void)sigemptyset(&ending);
    (void)sigaddset(&ending, SIGTERM);
    (void)sigaddset(&ending, SIGINT);
    (void)pthread_sigmask(SIG_UNBLOCK, &ending, NULL);
}

static int run(const struct settings *settings) {
    char error[SETTINGS_ERROR_BYTES] = "";
    sigset_t signals;
    block_signals(&signals);
    struct sidecar *sidecar = sidecar_start(settings, error);
    if (!sidecar) {
        (void)fprintf(stderr, "kafka-sidecar: %s\n", error);
        return EXIT_FAILURE;
    }
    serve_signals(sidecar, &signals);
    sidecar_stop(sidecar);
    return EXIT_SUCCESS;
}

static int check(const struct settings *settings, bool json) {
    (void)signal(SIGPIPE, SIG_IGN);
    return check_run(settings, stdout, json) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    (void)argc;
    (void)prctl(PR_SET_DUMPABLE, 0); // secrets are in memory: no core dumps, no debuggers of others
    struct settings settings;
    struct out text = { 0 };
    int code = EXIT_SUCCESS;
    settings_init(&settings);
    const char *const *arguments = (const char *const *)argv;
    const char *const *environment = (const char *const *)environ;
    switch (arguments_read(arguments, environment, &settings, &text)) {
    case ARGUMENTS_RUN: code = run(&settings); break;
    case ARGUMENTS_CHECK: code = check(&settings, false); break;
    case ARGUMENTS_CHECK_JSON: code = check(&settings, true); break;
    case ARGUMENTS_PRINT: (void)fputs(out_text(&text), stdout); break;
    case ARGUMENTS_PRINT_WRONG:
        (void)fputs(out_text(&text), stdout);
        code = EXIT_CONFIGURATION;
        break;
    case ARGUMENTS_WRONG:
        (void)fputs(out_text(&text), stderr);
        code = EXIT_CONFIGURATION;
        break;
    }
    out_dispose(&text);
    settings_dispose(&settings);
    return code;
}
