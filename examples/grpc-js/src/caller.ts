import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type CallOptions, Client, type ClientReadableStream, Metadata } from "@grpc/grpc-js";

export interface Options {
  timeoutMs?: number;
  metadata?: Record<string, string>;
}

/** Calls the methods of protobuf-es services with grpc-js: as promises, and as streams to iterate over or cancel. */
export class Caller {
  constructor(
    private readonly client: Client,
    private readonly metadata: Record<string, string>,
    private readonly timeoutMs: number,
  ) {}

  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options: Options = {},
  ): Promise<MessageShape<O>> {
    return new Promise((resolve, reject) => {
      const { path, serialize, deserialize } = form<I, O>(method);
      const message = create(method.input, request);
      this.client.makeUnaryRequest(path, serialize, deserialize, message, ...this.context(options), (error, response) =>
        error ? reject(error) : resolve(response!),
      );
    });
  }

  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    options: Options = {},
  ): ClientReadableStream<MessageShape<O>> {
    const { path, serialize, deserialize } = form<I, O>(method);
    const message = create(method.input, request);
    return this.client.makeServerStreamRequest(path, serialize, deserialize, message, ...this.context(options));
  }

  private context({ timeoutMs = this.timeoutMs, metadata = {} }: Options): [Metadata, CallOptions] {
    const all = new Metadata();
    for (const [key, value] of Object.entries({ ...this.metadata, ...metadata })) all.set(key, value);
    return [all, { deadline: Date.now() + timeoutMs }];
  }
}

function form<I extends DescMessage, O extends DescMessage>(method: DescMethod & { input: I; output: O }) {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    serialize: (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
    deserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
  };
}
