from contenders.on_s3 import BUCKET, OnS3
from contenders.regolo import Regolo


class RegoloS3(OnS3, Regolo):
    name = "regolo+s3"
    about = "as regolo, with a shared store on S3 served by moto on the same machine"

    def prepare_remote(self, remote):
        self.prepare_bucket()
        super().prepare_remote(remote)
        self.regolo("config", "store.endpoint", self.endpoint)

    def store_url(self, remote):
        return f"s3://{BUCKET}/store"
