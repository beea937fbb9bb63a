"""Configs: named, from a file, overridden, and refused in one sentence."""

import pytest

from viewpoint100k.errors import UsageError
from viewpoint100k.plan.config import load_config, named_configs


def test_the_papers_config_asks_its_three_types_over_100k_rows() -> None:
    config = load_config("viewpoint-100k")
    assert config.rows == 100_000
    assert config.pairs.azimuth_deg == (20, 100)
    assert set(config.questions) == {"ego_translation", "ego_rotation", "object_translation"}


def test_every_named_config_loads() -> None:
    assert named_configs()
    for name in named_configs():
        assert load_config(name).name


def test_overrides_reach_into_sections_and_are_read_as_yaml() -> None:
    config = load_config("viewpoint-100k", ["images.size=256", "pairs.azimuth_deg=[30, 60]", "name=mine"])
    assert (config.images.size, config.pairs.azimuth_deg, config.name) == (256, (30, 60), "mine")


def test_blender_may_take_longer_over_an_asset_unless_a_config_says_otherwise() -> None:
    def patience(*overrides: str) -> float:
        return load_config("viewpoint-100k", overrides).limits.asset_timeout_s

    assert patience() == patience("renderer=pyrender") == 120
    assert patience("renderer=blender") == 1800
    assert patience("renderer=blender", "limits.max_triangles=9") == 1800
    assert patience("renderer=blender", "limits.asset_timeout_s=60") == 60


def test_a_file_is_a_config_too(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("rows: 7\nquestions: {ego_rotation: 1}\n")
    assert load_config(str(path)).rows == 7


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["colour=red"], ["unknown key colour", "known here", "rows_per_shard"]),
        (["images.colour=red"], ["unknown key images.colour", "jpeg_quality"]),
        (["captures.colour=red"], ["unknown key captures.colour", "max_roll_deg"]),
        (["rows=0"], ["rows", "greater than or equal to 1"]),
        (["rows=many"], ["rows", "integer"]),
        (["rows"], ["key=value"]),
        (["rows.more=1"], ["rows is a value"]),
        (["pairs.azimuth_deg=[100, 20]"], ["azimuth_deg", "low to high"]),
        (["views.fill=[0.5, 0.99]"], ["fill", "0.97"]),
        (["questions={}"], ["questions"]),
        (["questions={ego_rotation: 0}"], ["questions", "greater than 0"]),
        (["name=../evil"], ["name"]),
    ],
)
def test_a_bad_value_is_named_in_one_sentence(overrides: list[str], words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        load_config("viewpoint-100k", overrides)
    sentence = str(caught.value)
    assert all(word in sentence for word in words), sentence
    assert "\n" not in sentence


def test_an_unknown_config_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="viewpoint-100k"):
        load_config("nothing-like-it")


def test_broken_yaml_names_the_file_and_line(tmp_path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("rows: [1\nname: x: y")
    with pytest.raises(UsageError, match=r"broken\.yaml is not valid YAML.*line"):
        load_config(str(path))


def test_the_digest_follows_content_and_not_the_folder_of_the_assets() -> None:
    one = load_config("viewpoint-100k", ["source=meshes:a"])
    other = load_config("viewpoint-100k", ["source=meshes:b"])
    smaller = load_config("viewpoint-100k", ["source=meshes:a", "images.size=256"])
    assert one.digest("assets") == other.digest("assets")
    assert one.digest("assets") != smaller.digest("assets")
    assert one.digest("assets") != one.digest("other assets")
