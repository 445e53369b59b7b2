#!/bin/sh
# Generates the certificates of the test servers. Needs openssl 3; run it in this directory and commit the result.
set -eu

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# name of the key, its certificate, common name, start, end, extensions, further arguments of `openssl ca`
issue() {
  key=$1
  certificate=$2
  openssl ecparam -name prime256v1 -genkey -noout -out "$key"
  openssl req -new -key "$key" -subj "/CN=$3" -out "$scratch/request"
  : > "$scratch/database"
  cat > "$scratch/configuration" <<CONFIGURATION
[ca]
default_ca = authority
[authority]
database = $scratch/database
new_certs_dir = $scratch
rand_serial = yes
default_md = sha256
policy = policy
x509_extensions = extensions
[policy]
commonName = supplied
[extensions]
$6
CONFIGURATION
  start=$4
  end=$5
  shift 6
  openssl ca -batch -notext -config "$scratch/configuration" -in "$scratch/request" -out "$certificate" \
    -startdate "$start" -enddate "$end" "$@" 2> /dev/null
}

from=20200101000000Z
to=21190101000000Z
authority='basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash'
server='basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName ='
loopback='IP:127.0.0.1, IP:::1, DNS:localhost'
by_authority="-cert authority.crt -keyfile $scratch/authority.key"

issue "$scratch/authority.key" authority.crt 'Test authority' $from $to "$authority" \
  -selfsign -keyfile "$scratch/authority.key"
issue server.key server.crt 'Test server' $from $to "$server $loopback" $by_authority
issue wrong-host.key wrong-host.crt 'Test server elsewhere' $from $to "$server DNS:registry.invalid" $by_authority
issue expired.key expired.crt 'Expired test server' 20000101000000Z 20010101000000Z "$server $loopback" $by_authority
issue self-signed.key self-signed.crt 'Self-signed test server' $from $to "$server $loopback" \
  -selfsign -keyfile self-signed.key
issue token-signer.key token-signer.crt 'Test token signer' $from $to "$authority" \
  -selfsign -keyfile token-signer.key
issue docker-hub.key docker-hub.crt 'Test Docker Hub' $from $to "$server DNS:index.docker.io" \
  -selfsign -keyfile docker-hub.key
# Everything that a log-in to Amazon ECR talks to, for the accounts and the region that the tests use.
amazon='DNS:public.ecr.aws, DNS:api.ecr-public.us-east-1.amazonaws.com, DNS:*.dkr.ecr.eu-central-1.amazonaws.com'
issue amazon.key amazon.crt 'Test Amazon' $from $to "$server $amazon" -selfsign -keyfile amazon.key
# A server below an intermediate authority, whose root no client knows. The .crt of the server is what a server sends: both.
issue "$scratch/root.key" "$scratch/root.crt" 'Test root' $from $to "$authority" -selfsign -keyfile "$scratch/root.key"
issue "$scratch/intermediate.key" intermediate.crt 'Test intermediate' $from $to "$authority" \
  -cert "$scratch/root.crt" -keyfile "$scratch/root.key"
issue below-intermediate.key below-intermediate.crt 'Test server below an intermediate' $from $to "$server $loopback" \
  -cert intermediate.crt -keyfile "$scratch/intermediate.key"
cat intermediate.crt >> below-intermediate.crt
