"""Several options reach a command as one value."""

from dataclasses import dataclass

import click
import pytest
from click.testing import CliRunner

from regolo_git.cli.options.one_value import one_value
from regolo_git.errors import InvalidInput


@dataclass(frozen=True)
class Size:
    width: int
    height: int


size_options = one_value(
    "size",
    Size,
    click.option("--width", type=int, default=1, help="One."),
    click.option("--height", type=int, default=2, help="The other."),
)


@click.command()
@click.argument("name")
@size_options
@click.option("--loud", is_flag=True)
def draw(name: str, size: Size, loud: bool) -> None:
    click.echo((name, size.width, size.height, loud))


def test_a_command_gets_one_value_beside_its_other_options() -> None:
    done = CliRunner().invoke(draw, ["box", "--height", "7", "--loud"], catch_exceptions=False)
    assert done.output == "('box', 1, 7, True)\n"


def test_the_help_shows_the_options_in_the_order_in_which_they_are_declared() -> None:
    assert [parameter.name for parameter in draw.params] == ["name", "width", "height", "loud"]


def test_two_commands_can_share_the_options() -> None:
    @click.command()
    @size_options
    def other(size: Size) -> None:
        click.echo(size.width * size.height)

    assert CliRunner().invoke(other, ["--width", "3"], catch_exceptions=False).output == "6\n"


def test_an_invalid_combined_value_is_refused_before_the_command_runs() -> None:
    def refuse(width: int) -> None:
        raise InvalidInput(f"{width} is too wide")

    @click.command()
    @one_value("size", refuse, click.option("--width", type=int))
    def never(size: None) -> None:
        raise AssertionError

    with pytest.raises(InvalidInput, match="9 is too wide"):
        CliRunner().invoke(never, ["--width", "9"], catch_exceptions=False)
