"""The one entry: ``python app.py`` starts everything, sub-commands do single things.

``uvicorn app:server`` serves the web application alone.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

from storage.log_setup import set_up_logging
from tasks.bench_lock import FolderInUseError
from tasks.options import EXIT_CODES, ORDERS, duration
from tasks.preflight import PreflightError, check_settings
from tasks.terminal import complain


def __getattr__(name: str) -> Any:
    """Make the web application when uvicorn asks for ``app:server``."""
    if name == "server":
        return _make_server()
    raise AttributeError(name)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; gives the exit code."""
    given = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = given.command
    try:
        set_up_logging("bench", logging.WARNING)
        # Our children work in the program's folder; a relative path would lead them elsewhere.
        os.environ["SIGNALBENCH_DATA"] = str(check_settings().data.resolve())
        return command(given)
    except (PreflightError, FolderInUseError) as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python app.py",
        description="Signalbench, a point-and-click experiment bench. Without a command it starts "
        "everything and prints the address.",
    )
    parser.set_defaults(command=_serve)
    commands = parser.add_subparsers(title="commands")
    _add(commands, "serve", _serve, "start everything (the default)")
    _add(commands, "doctor", _doctor, "say what is wrong with this installation")
    _add(commands, "migrate", _migrate, "bring the database up to date")
    _add(commands, "worker", _worker, "train for a bench that runs elsewhere")
    web = _add(commands, "web", _web, "serve the pages and the API only")
    web.add_argument("--fd", type=int, help=argparse.SUPPRESS)
    train = _add(commands, "train", _train, "train one model without a browser")
    train.add_argument("--family", required=True, help="classical, cnn1d, …")
    train.add_argument("--dataset", required=True, help="name, number or key, e.g. gun_point")
    train.add_argument("--preset", default="", help="quick_test, fast_iteration, standard, …")
    train.add_argument("--name", default="", help="of the experiment; made up when missing")
    train.add_argument(
        "--set", dest="settings", metavar="KEY=VALUE", action="append", default=[],
        help="change one setting, e.g. training.epochs=20; may be repeated",
    )  # fmt: skip
    train.add_argument(
        "--repeats", type=int, default=1, metavar="N", help="run with N seeds, 1 to 20 (default 1)"
    )
    train.add_argument(
        "--vary-split", action="store_true", help="give each repeat its own split as well"
    )
    train.add_argument("--priority", type=int, choices=range(10), default=5, help="9 runs first")
    train.add_argument(
        "--time-limit", type=duration, metavar="TIME", help="longest training time, e.g. 90m or 2h"
    )
    simulate = _add(commands, "simulate", _simulate, "make a data set with the bearing simulator")
    simulate.add_argument(
        "--kind", choices=("journal", "rolling"), default="", help="of bearing; default: journal"
    )
    simulate.add_argument("--name", default="", help="of the data set; made up when missing")
    simulate.add_argument(
        "--set", dest="settings", metavar="KEY=VALUE", action="append", default=[],
        help="change one setting, e.g. noise.lowest_snr_db=-5; may be repeated",
    )  # fmt: skip
    _add_predict(commands)
    backup = _add(commands, "backup", _backup, "save everything into one zip file while runs go on")
    backup.add_argument("file", help="where to, e.g. bench.zip")
    restore = _add(commands, "restore", _restore, "fill an empty bench from a backup")
    restore.add_argument("file", help="what backup wrote")
    restore.add_argument("--force", action="store_true", help="move what is there aside first")
    _add_orders(commands)
    return parser


def _add_predict(commands: Any) -> None:
    predict = _add(commands, "predict", _predict, "predict recordings with a finished model")
    predict.add_argument("experiment", type=int, metavar="EXPERIMENT", help="its number")
    predict.add_argument("files", nargs="+", metavar="FILE", help="CSV, NPZ, MAT, WAV, …")
    predict.add_argument("--output", default="", help="write a CSV table here; - for the terminal")
    predict.add_argument(
        "--rate", type=float, metavar="HZ", help="sampling rate of files that do not say it"
    )
    predict.add_argument("--rpm", type=float, help="shaft speed of files that do not say it")
    predict.add_argument("--resample", action="store_true", help="to the model's rate")
    predict.add_argument(
        "--in-order", action="store_true", help="take channels in order where names differ"
    )
    predict.add_argument("--interpolate", action="store_true", help="fill missing values")


def _add_orders(commands: Any) -> None:
    runs = _add(commands, "runs", _runs, "list the newest experiments and what the queue says")
    runs.add_argument("--status", action="append", default=[], help="only these; may be repeated")
    runs.add_argument("--limit", type=int, default=20, help="how many (default: %(default)s)")
    runs.add_argument("--json", action="store_true", help="for programs")
    for order, text in ORDERS.items():
        command = _add(commands, order, _order, text)
        command.add_argument("ids", type=int, nargs="+", metavar="ID", help="of an experiment")
        command.set_defaults(order=order)
        command.epilog = EXIT_CODES


def _add(
    commands: Any, name: str, command: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=command)
    return parser


def _serve(_given: argparse.Namespace) -> int:
    from tasks.serve import serve

    return serve()


def _doctor(_given: argparse.Namespace) -> int:
    from tasks.doctor import examine

    return examine()


def _migrate(_given: argparse.Namespace) -> int:
    from tasks.preflight import bring_database_up_to_date, check_data_folder

    check_data_folder()
    bring_database_up_to_date()
    return 0


def _prepare_single_process() -> None:
    from tasks.preflight import (
        bring_database_up_to_date,
        check_data_folder,
        check_redis_is_known,
    )

    check_data_folder()
    check_redis_is_known()
    bring_database_up_to_date()


def _worker(_given: argparse.Namespace) -> int:
    _prepare_single_process()
    from tasks.worker import serve_until_told

    return serve_until_told(follow=False)


def _web(given: argparse.Namespace) -> int:
    from tasks.web_server import WebServer

    if given.fd is None:
        _prepare_single_process()
    return WebServer(given.fd).serve(_make_server)


def _train(given: argparse.Namespace) -> int:
    from tasks.train_command import TrainRequest, train

    return train(
        TrainRequest(
            given.family,
            given.dataset,
            given.preset,
            given.name,
            given.settings,
            given.priority,
            given.time_limit,
            given.repeats,
            given.vary_split,
        )
    )


def _runs(given: argparse.Namespace) -> int:
    _prepare_database()
    from tasks.runs_command import ListRequest, list_runs

    return list_runs(ListRequest(tuple(given.status), given.limit, given.json))


def _order(given: argparse.Namespace) -> int:
    _prepare_database()
    from tasks.runs_command import order_runs

    return order_runs(given.order, given.ids)


def _prepare_database() -> None:
    from tasks.preflight import bring_database_up_to_date, check_data_folder

    check_data_folder()
    bring_database_up_to_date()


def _simulate(given: argparse.Namespace) -> int:
    from tasks.simulate_command import SimulateRequest, simulate

    return simulate(SimulateRequest(given.kind, given.name, given.settings))


def _predict(given: argparse.Namespace) -> int:
    _prepare_database()
    from tasks.predict_command import PredictRequest, predict

    return predict(
        PredictRequest(
            given.experiment,
            tuple(given.files),
            given.output,
            given.rate,
            given.rpm,
            given.resample,
            given.in_order,
            given.interpolate,
        )
    )


def _backup(given: argparse.Namespace) -> int:
    from tasks.backup_command import backup_command

    return backup_command(given.file)


def _restore(given: argparse.Namespace) -> int:
    from tasks.backup_command import restore_command

    return restore_command(given.file, force=given.force)


def _make_server() -> Any:
    from dash_app import create_app

    return create_app()


if __name__ == "__main__":
    sys.exit(main())
