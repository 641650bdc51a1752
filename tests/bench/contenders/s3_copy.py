from contender import Contender
from contenders.on_s3 import BUCKET, OnS3


class S3Copy(OnS3, Contender):
    """Copies what lies at a path to a bucket, and back; the base of programs that do nothing else."""
    peer = "s3-tools"

    def setup(self, workdir):
        self._sources = {}

    def add_version(self, name, version, path):
        self._sources[name, version] = path

    def prepare_remote(self, remote):
        self.prepare_bucket()

    def remote_path(self, name, version):
        return f"s3://{BUCKET}/{name}/{version}/"


class AwsS3(S3Copy):
    name = "aws s3 cp"
    about = "the floor on S3: aws s3 cp --recursive; no digest, no dedup"
    program = "aws"

    def copy(self, source, target):
        self.run("aws", "--endpoint-url", self.endpoint, "s3", "cp", "--recursive", "--only-show-errors",
                 source, target)

    def push(self, name, version, remote):
        self.copy(self._sources[name, version], self.remote_path(name, version))

    def pull(self, name, version, remote, dest):
        self.copy(self.remote_path(name, version), dest / name)
        return dest / name


class S5cmd(S3Copy):
    name = "s5cmd"
    about = "the same with s5cmd, which is written for speed"
    program = "s5cmd"

    def startup(self):
        return self.run("s5cmd", "version")

    def copy(self, source, target):
        self.run("s5cmd", "--endpoint-url", self.endpoint, "--log", "error", "cp", source, target)

    def push(self, name, version, remote):
        self.copy(f"{self._sources[name, version]}/", self.remote_path(name, version))

    def pull(self, name, version, remote, dest):
        self.copy(f"{self.remote_path(name, version)}*", f"{dest / name}/")
        return dest / name
