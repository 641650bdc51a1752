set -euo pipefail
cd registry.git
git config user.name "regolo tags"
git config user.email "regolo-tags@users.noreply.localhost"
@STORE@
if [ -n "$SIGNING_KEY" ]; then
  umask 077
  key=$(mktemp)
  trap 'rm -f "$key"' EXIT
  printf '%s\n' "$SIGNING_KEY" > "$key"
  git config gpg.format ssh
  git config user.signingKey "$key"
  git config tag.gpgSign true
fi
status=0
git regolo tag --merged --yes > ../tags.txt || status=$?
while IFS= read -r tag; do
  git push -q origin "refs/tags/$tag"
done < ../tags.txt
exit "$status"
