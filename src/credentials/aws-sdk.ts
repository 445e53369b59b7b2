// The parts of the AWS SDK that are used, in one module so that their shared code is bundled and loaded once.
export { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
export {
  ECRPUBLICClient,
  GetAuthorizationTokenCommand as GetPublicAuthorizationTokenCommand,
} from '@aws-sdk/client-ecr-public';
export { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
