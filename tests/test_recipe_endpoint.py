"""The endpoint model with a real server on the loopback address, which also returns faulty answers."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
import skilled_models as skilled
from openai_server import openai_server
from skilled_models import ORBIT, Knows

from recipe.evaluation.answers_file import AnswersFile
from recipe.evaluation.asking import ask
from recipe.evaluation.conditions import plan_trials
from recipe.evaluation.endpoint import EndpointModel
from recipe.evaluation.figures import ALL, figures_of
from recipe.evaluation.items import item_of
from recipe.evaluation.models import Prompt
from viewpoint100k.errors import DataError, UsageError

pytest.importorskip("openai", reason="the extra [train] is not installed")

PROMPTS = [trial.prompt() for trial in plan_trials([item_of(r) for r in skilled.make_rows(ORBIT, 4)], []).trials]


def endpoint(url: str, **settings: object) -> EndpointModel:
    return EndpointModel("some-model", url, 64, **{"concurrency": 4, "retries": 3, **settings})  # type: ignore[arg-type]


def test_the_server_is_asked_what_a_model_here_would_be_asked() -> None:
    expected = Knows()
    answers = expected.answers(PROMPTS)
    served_model = Knows()
    together = threading.Barrier(4)  # The first four wait for one another: they must be under way at once.

    def meet(number: int) -> None:
        if number < 4:
            together.wait(timeout=60)

    with openai_server(served_model, meet) as served:
        assert endpoint(served.url).answers(PROMPTS) == answers
        assert {request["model"] for request in served.requests} == {"some-model"}
        assert served.requests[0]["max_tokens"] == 64
        assert served.requests[0]["temperature"] == 0
        assert served.at_once == 4
    # No pixel and no letter changes on the way. The order of requests may change.
    sent = {(p.question, *(image.tobytes() for image in p.images)) for p in PROMPTS}
    assert {(p.question, *(image.tobytes() for image in p.images)) for p in served_model.asked} == sent


def test_fields_of_the_request_can_be_set_and_left_out() -> None:
    with openai_server(Knows()) as served:
        body = {"max_tokens": None, "max_completion_tokens": 99, "temperature": 1, "top_k": 5}
        endpoint(served.url, body=body).answers(PROMPTS[:1])
    (request,) = served.requests
    assert "max_tokens" not in request
    assert (request["max_completion_tokens"], request["temperature"], request["top_k"]) == (99, 1, 5)


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with openai_server(Knows()) as served:
        endpoint(served.url).answers(PROMPTS[:1])
    assert served.keys == ["Bearer secret"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_fails_in_passing_is_asked_again(status: int) -> None:
    def twice(number: int) -> tuple[int, dict[str, str], bytes] | None:
        return (status, {"Retry-After": "0.01"}, b'{"error": {"message": "busy"}}') if number < 2 else None

    with openai_server(Knows(), twice) as served:
        assert endpoint(served.url).answers(PROMPTS[:1]) == Knows().answers(PROMPTS[:1])
    assert len(served.requests) == 3


def test_a_refusal_is_not_asked_again_and_says_why() -> None:
    def refuse(number: int) -> tuple[int, dict[str, str], bytes]:
        return 400, {}, b'{"error": {"message": "at most 1 image"}}'

    with openai_server(Knows(), refuse) as served, pytest.raises(UsageError, match="at most 1 image"):
        endpoint(served.url).answers(PROMPTS[:1])
    assert len(served.requests) == 1

    def no_key(number: int) -> tuple[int, dict[str, str], bytes]:
        return 401, {}, b"{}"

    with openai_server(Knows(), no_key) as served, pytest.raises(UsageError, match="set OPENAI_API_KEY"):
        endpoint(served.url).answers(PROMPTS[:1])


def test_a_server_that_stays_down_ends_the_run_in_one_sentence() -> None:
    def down(number: int) -> tuple[int, dict[str, str], bytes]:
        return 503, {"Retry-After": "0.01"}, b"no workers"

    with openai_server(Knows(), down) as served:
        with pytest.raises(DataError, match=r"fails with status 503 .*the same command goes on"):
            endpoint(served.url, retries=1).answers(PROMPTS[:1])
        url = served.url
    with pytest.raises(DataError, match="cannot be reached"):
        endpoint(url, retries=0).answers(PROMPTS[:1])


@pytest.mark.parametrize("body", [b'{"choices": []}', b'{"hello": 1}', b"[]"])
def test_what_is_no_chat_completion_is_named(body: bytes) -> None:
    server = openai_server(Knows(), lambda number: (200, {}, body))
    with server as served, pytest.raises(DataError, match="gave no chat completion"):
        endpoint(served.url).answers(PROMPTS[:1])


def test_an_empty_answer_is_an_answer() -> None:
    body = json.dumps({"choices": [{"message": {"role": "assistant", "content": None}}]}).encode()
    with openai_server(Knows(), lambda number: (200, {}, body)) as served:
        assert endpoint(served.url).answers([Prompt([], "Hello?")]) == [""]


def test_an_evaluation_that_lost_its_server_goes_on_with_the_answers_it_has(tmp_path: Path) -> None:
    items = [item_of(row) for row in skilled.make_rows(ORBIT, 10)]
    plan = plan_trials(items, [])

    def dies(number: int) -> tuple[int, dict[str, str], bytes] | None:
        return (500, {"Retry-After": "0.01"}, b"out of memory") if number >= 12 else None

    with openai_server(Knows(), dies) as served, AnswersFile(tmp_path, {}) as store, pytest.raises(DataError):
        ask(endpoint(served.url, retries=0), plan.trials, store, batch_size=4)
    with openai_server(Knows()) as served, AnswersFile(tmp_path, {}) as store:
        assert len(store.answers) == 12
        ask(endpoint(served.url), plan.trials, store, batch_size=4)
        assert figures_of(plan, store.answers).scores["asked"][ALL].accuracy == 1.0
    assert len(served.requests) == len(plan.trials) - 12
