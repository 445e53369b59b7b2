// What is used of the AWS SDK: gathered here so that its parts, which share most of their code, load as one.
export { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
export {
  ECRPUBLICClient,
  GetAuthorizationTokenCommand as GetPublicAuthorizationTokenCommand,
} from '@aws-sdk/client-ecr-public';
export { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
