"""The page of a gateway and `/docs`: for operators, apart from predictions."""
