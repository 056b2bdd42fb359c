import pytest
from sklearn import datasets

from groundwork.errors import UsageError
from groundwork.testing import small_data


@pytest.mark.parametrize(("name", "task"), [("wine", "classification"), ("diabetes", "regression")])
def test_a_small_table_has_scikit_learns_numbers(name, task):
    table = small_data(name)

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True, **({"scaled": False} if name == "diabetes" else {}))
    assert task == table.task
    assert x.tolist() == table.frame.select(table.features).to_numpy().tolist()
    assert y.tolist() == table.frame[table.target].to_list()


def test_columns_have_names_that_an_expression_can_use():
    assert ["sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm"] == small_data("iris").features


def test_a_table_is_read_once():
    assert small_data("iris") is small_data("iris")


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(UsageError) as caught:
        small_data("titanic")

    assert "there are breast_cancer, diabetes, iris, wine" == caught.value.hint
