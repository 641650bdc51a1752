"""What contenders have in common whose remote is a bucket; the adapters are in other files."""
from moto_server import CREDENTIALS, MotoServer, moto_command

BUCKET = "models"


class OnS3:
    """Comes before a Contender.  Uses the server at `endpoint`, or one of its own."""
    endpoint = None
    _server = None

    def extra_env(self):
        return super().extra_env() | CREDENTIALS

    def installed(self):
        return super().installed() and moto_command(self.peers) is not None

    def prepare_bucket(self):
        if self.endpoint is None:
            self._server = MotoServer(self.peers)
            self._server.new_bucket(BUCKET)
            self.endpoint = self._server.endpoint

    def close(self):
        super().close()
        if self._server:
            self._server.stop()
            self._server = self.endpoint = None
