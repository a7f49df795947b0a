#!/bin/sh
# People at work in the stand-in of GoHighLevel: enters contacts, then changes one every few seconds.
# Ids of the contacts are kept in /tmp/ids; /tmp/alive is touched after each success, for the health check.
set -eu

TWIN=${TWIN:-http://twins:4010}
CONTACTS=${CONTACTS:-100}
PAUSE=${PAUSE:-3}

FIRST="Ana Ben Carla Dan Elif Femi Grace Hugo Ines Jonas"
LAST="Garcia Novak Okafor Weber Santos Lindgren Moreau Tanaka Haddad Byrne"

word() { # word N "a b c": the Nth word, beginning again at the end
  n=$1; set -- $2; shift $((n % $#)); echo "$1"
}

send() { # send METHOD PATH BODY: prints the answer
  curl --fail --silent --show-error --max-time 10 --request "$1" --header 'content-type: application/json' \
    --data "$3" "$TWIN/_twin/people/contacts$2"
}

# Whoever was entered before this container was started again is still there.
until known=$(curl --fail --silent --show-error --max-time 10 "$TWIN/_twin/contacts?limit=10000"); do sleep 2; done
echo "$known" | grep -o '"id":"[^"]*"' | cut -d '"' -f 4 > /tmp/ids || true
touch /tmp/alive

n=$(wc -l < /tmp/ids)
while [ "$n" -lt "$CONTACTS" ]; do
  first=$(word "$n" "$FIRST"); last=$(word $((n / 10)) "$LAST")
  # 555-0100 to 555-0199 are nobody's numbers.
  phone=$(printf '+1%03d55501%02d' $((201 + n / 100)) $((n % 100)))
  body=$(printf '{"firstName":"%s","lastName":"%s","phone":"%s","tags":["demo"]}' "$first" "$last" "$phone")
  if answer=$(send POST "" "$body"); then
    echo "$answer" | cut -d '"' -f 4 >> /tmp/ids
    n=$((n + 1)); touch /tmp/alive
  else
    sleep 2
  fi
done
echo "there are $n contacts"

while sleep "$PAUSE"; do
  n=$((n + 1))
  id=$(sed -n "$((n % CONTACTS + 1))p" /tmp/ids)
  body=$(printf '{"lastName":"%s","companyName":"Example %d"}' "$(word $((n * 7)) "$LAST")" "$n")
  # The stand-ins forget everybody when they are started again: then so do we.
  send PATCH "/$id" "$body" > /dev/null || exit 1
  touch /tmp/alive
done
