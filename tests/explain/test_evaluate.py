import dataclasses

import pytest
import torch
from torch.nn.functional import cross_entropy

from resviz.cli.explain import open_run
from resviz.errors import DataError
from resviz.explain.evaluate import evaluate
from resviz.explain.subject import Library


@pytest.mark.parametrize("batch_size", [1, 7, 500])
def test_evaluation_equals_one_pass_over_everything(runs, batch_size):
    subject = Library().subject(open_run(runs[1].path))
    told = []
    evaluation = evaluate(subject, told.append, batch_size)
    labels = subject.dataset.test_labels
    with torch.no_grad():
        scores = subject.network(subject.normalised(subject.dataset.test_images))
    wrong = scores.argmax(1) != labels
    assert evaluation.pictures == 18
    assert evaluation.test_error_pct == pytest.approx(100 * wrong.double().mean().item())
    assert evaluation.test_loss == pytest.approx(cross_entropy(scores, labels).item(), rel=1e-5)
    assert list(evaluation.class_error_pct) == ["blue", "green", "red"]
    for number, error in enumerate(evaluation.class_error_pct.values()):
        assert error == pytest.approx(100 * wrong[labels == number].double().mean().item())
    assert told[-1] == 1
    assert told == sorted(told)


def test_a_class_without_pictures_has_no_error_and_no_pictures_is_a_sentence(runs):
    subject = Library().subject(open_run(runs[1].path))
    data = subject.dataset
    some = data.test_labels != 1
    part = dataclasses.replace(data, test_images=data.test_images[some], test_labels=data.test_labels[some])
    assert evaluate(dataclasses.replace(subject, dataset=part)).class_error_pct["green"] is None
    none = dataclasses.replace(data, test_images=data.test_images[:0], test_labels=data.test_labels[:0])
    with pytest.raises(DataError, match="no test pictures"):
        evaluate(dataclasses.replace(subject, dataset=none))
