"""Microsoft Defender for Endpoint: machines, machine actions, indicators, advanced hunting."""

from fastapi import Request
from fastapi.responses import JSONResponse

from lab.defender.actions import MachineActions
from lab.defender.hunting import Hunting
from lab.defender.indicators import Indicators
from lab.defender.machines import Machines
from lab.product import Product, issue_token
from lab.world import World

NAME = "defender"


def defender(world: World) -> Product:
    """Return the product's door over ``world``.

    Paths, codes and bodies follow the vendor's reference at learn.microsoft.com/defender-endpoint/api.
    """
    product = Product(world, NAME)

    async def token(directory: str, request: Request) -> JSONResponse:  # noqa: ARG001 every directory is this one
        return await issue_token(product, request)

    product.add_api_route("/{directory}/oauth2/v2.0/token", token, methods=["POST"])
    indicators = Indicators(product)
    for room in (Machines(product), MachineActions(product), indicators, Hunting(product, indicators)):
        product.include_router(room.routes())
    return product
