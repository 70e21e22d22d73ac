"""Bearer tokens of the client-credentials grant: one audience each, and a lifetime on the world's clock."""


class Tokens:
    """Issues and checks them."""

    def __init__(self, lifetime: int) -> None:
        self.lifetime = lifetime
        self._issued: dict[str, tuple[str, int]] = {}

    def issue(self, audience: str, now: int) -> str:
        """Return a fresh token for ``audience``."""
        token = f"lab.{audience}.{len(self._issued) + 1}"
        self._issued[token] = (audience, now + self.lifetime)
        return token

    def accepts(self, token: str, audience: str, now: int) -> bool:
        """Say whether ``token`` was issued for ``audience`` and has not expired."""
        known, expires = self._issued.get(token, ("", 0))
        return known == audience and now < expires
