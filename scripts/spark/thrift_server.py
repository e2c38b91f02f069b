"""Spark's Thrift server on loopback, and Hive's JDBC driver as its client."""

from __future__ import annotations

import csv
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STARTS_WITHIN_S = 300.0


class ThriftError(Exception):
    """The server did not start, or did not answer."""


@dataclass(frozen=True)
class Client:
    """Beeline, which asks over JDBC."""

    programs: Path
    environment: Mapping[str, str]
    port: int

    def run(self, statements: Path) -> None:
        """Run the statements of a file.

        Parameters
        ----------
        statements : Path
            Statements, each ended by a semicolon.
        """
        self._beeline("-f", str(statements))

    def ask(self, select: str) -> tuple[list[str], list[list[str | None]]]:
        """Return the answer to a question.

        Parameters
        ----------
        select : str
            One statement.

        Returns
        -------
        tuple
            Names of the columns, and the rows as texts; None for NULL.
        """
        lines = self._beeline("--outputformat=csv2", "--silent=true", "-e", select)
        names, *rows = csv.reader(lines.splitlines())
        # The prompt stands in front of the first line.
        names[0] = names[0].rpartition("> ")[2]
        return names, [[None if cell == "NULL" else cell for cell in row] for row in rows]

    def _beeline(self, *arguments: str) -> str:
        url = f"jdbc:hive2://127.0.0.1:{self.port}/default"
        done = subprocess.run(
            [str(self.programs / "beeline"), "-u", url, "-n", "aomuse", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ThriftError(f"beeline: {done.stderr[-2000:]}")
        return done.stdout


@contextmanager
def thrift_server(
    programs: Path, master: str, folder: Path, environment: Mapping[str, str]
) -> Iterator[Client]:
    """Run a server while the block does.

    Parameters
    ----------
    programs : Path
        Folder of Spark's programs.
    master : str
        Where Spark's executors are.
    folder : Path
        Where the server keeps the names of views and its log.
    environment : mapping
        Variables of the processes.

    Yields
    ------
    Client
        Connected to it.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(str(programs / "spark-submit"), "--master", master),
        *("--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"),
        *("--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=2"),
        *("spark-internal", "--hiveconf", f"hive.server2.thrift.port={port}"),
        *("--hiveconf", "hive.server2.thrift.bind.host=127.0.0.1"),
    ]
    with (folder / "thrift.log").open("w") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(server, port, folder)
        yield Client(programs, environment, port)
    finally:
        _end(server)


def _wait(server: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    end = time.monotonic() + _STARTS_WITHIN_S
    while server.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise ThriftError(f"the Thrift server does not answer: see {folder / 'thrift.log'}")


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server and its executors, which are its own process group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, number)
            server.wait(timeout=20)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
