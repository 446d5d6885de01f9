using System.Runtime.CompilerServices;
using HunyuanOrleans.Client.Chat;
using HunyuanOrleans.Client.Connecting;
using HunyuanOrleans.Contracts;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Contracts.Streaming;
using HunyuanOrleans.Grammar;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace HunyuanOrleans.Client;

/// <summary>
/// Sends chats and prompts to the models of a cluster and streams the answers. An answer continues without a gap when a connection, a silo or a grain
/// is lost. Thread-safe. Disposing the client cancels its requests. It needs no files of a model.
/// </summary>
public sealed partial class HunyuanClient : IAsyncDisposable
{
    private readonly HunyuanClientOptions _options;
    private readonly CallRetryPolicy _calls;
    private readonly ModelCatalog _catalog;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _disposed = new();
    private readonly CancellationToken _disposedToken;
    private IAsyncDisposable? _host;

    /// <summary>Creates a client over an open connection.</summary>
    /// <param name="cluster">The connection. The client does not dispose it.</param>
    /// <param name="options">
    /// <see cref="HunyuanClientOptions.Model"/> and <see cref="HunyuanClientOptions.Deadline"/>; null for the defaults. Other options are not used.
    /// </param>
    /// <param name="time">The clock; null for the system clock.</param>
    public HunyuanClient(IClusterClient cluster, HunyuanClientOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        _options = options ?? new HunyuanClientOptions();
        _time = time ?? TimeProvider.System;
        _calls = new CallRetryPolicy(_options.Deadline, _time);
        _catalog = new ModelCatalog(cluster, _calls, _options.Model);
        _disposedToken = _disposed.Token;
        Cluster = cluster;
    }

    /// <summary>The connection to the cluster.</summary>
    public IClusterClient Cluster { get; }

    /// <summary>
    /// Connects to a cluster, for programs without a host. Programs with a host call
    /// <see cref="HunyuanClientServiceCollectionExtensions.AddHunyuanClient"/>.
    /// </summary>
    /// <param name="configure">Sets the address of the cluster. It is called twice.</param>
    /// <param name="cancellationToken">Cancels connecting.</param>
    /// <exception cref="HunyuanException">An option is wrong, or the cluster cannot be reached in time.</exception>
    public static async Task<HunyuanClient> ConnectAsync(Action<HunyuanClientOptions> configure, CancellationToken cancellationToken = default)
    {
        ClientHost host = new(new ServiceCollection().AddHunyuanClient(configure).BuildServiceProvider());
        try
        {
            HunyuanClient client = await host.StartAsync(cancellationToken);
            client._host = host;
            return client;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gets the properties of a model, or of an adapter, whose name stands for its model with the adapter in all calls.</summary>
    /// <param name="model">The name; null for the default model.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="RequestException">The model is unknown, or none is named and the cluster has several; the message lists them.</exception>
    /// <exception cref="GenerationFailedException">The cluster does not respond.</exception>
    public async Task<ClusterModel> DescribeAsync(string? model = null, CancellationToken cancellationToken = default) =>
        await GetModelAsync(model, cancellationToken);

    /// <summary>Encodes a text as token ids without adding anything. Special tokens in it are encoded as text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="model">The model's name; null for the default model.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="RequestException">The model is unknown or has no tokenizer.</exception>
    public async Task<int[]> EncodeAsync(string text, string? model = null, CancellationToken cancellationToken = default)
    {
        ClusterModel resolved = await GetModelAsync(model, cancellationToken);
        return (await _catalog.EncodeAsync(resolved.BaseName, grain => grain.EncodeAsync(text), cancellationToken)).Ids;
    }

    /// <summary>Encodes a chat as token ids through the model's template. Special tokens in the messages are encoded as text.</summary>
    /// <param name="messages">The chat, oldest message first.</param>
    /// <param name="model">The model's name; null for the default model.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="RequestException">The chat is wrong, or the model is unknown or has no tokenizer.</exception>
    /// <exception cref="NotSupportedException">A message holds something other than text.</exception>
    public async Task<int[]> EncodeChatAsync(IEnumerable<ChatMessage> messages, string? model = null, CancellationToken cancellationToken = default)
    {
        ChatTurn[] turns = ChatMessageMapper.ToTurns(messages, null);
        ClusterModel resolved = await GetModelAsync(model, cancellationToken);
        return (await _catalog.EncodeAsync(resolved.BaseName, grain => grain.EncodeChatAsync(turns), cancellationToken)).Ids;
    }

    /// <summary>Creates a request with the sampling parameters and the answer length that the model's publisher recommends.</summary>
    /// <param name="promptIds">Token ids of the prompt.</param>
    /// <param name="model">The model's name; null for the default model.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="RequestException">The model is unknown.</exception>
    public async Task<GenerationRequest> CreateRequestAsync(
        ReadOnlyMemory<int> promptIds, string? model = null, CancellationToken cancellationToken = default) =>
        CreateRequest(await GetModelAsync(model, cancellationToken), promptIds);

    /// <summary>Continues a text, without a chat template, as <see cref="CreateRequestAsync"/> recommends.</summary>
    /// <param name="prompt">The text.</param>
    /// <param name="configure">Changes the request before it is sent; null for no change.</param>
    /// <param name="model">The model's name; null for the default model.</param>
    /// <param name="cancellationToken">Cancels the request and frees its resources in the cluster.</param>
    /// <exception cref="RequestException">The request is wrong; the message says what is allowed.</exception>
    /// <exception cref="QueueFullException">The cluster has too many requests now.</exception>
    /// <exception cref="GenerationFailedException">The cluster could not answer.</exception>
    public async IAsyncEnumerable<AnswerChunk> GenerateAsync(
        string prompt,
        Func<GenerationRequest, GenerationRequest>? configure = null,
        string? model = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ClusterModel resolved = await GetModelAsync(model, cancellationToken);
        GenerationRequest request = CreateRequest(resolved, await EncodeAsync(prompt, model, cancellationToken));
        await foreach (AnswerChunk chunk in GenerateAsync(resolved, configure?.Invoke(request) ?? request, null, cancellationToken))
        {
            yield return chunk;
        }
    }

    /// <summary>Runs a request as it is.</summary>
    /// <param name="request">The request.</param>
    /// <param name="model">The model's name; null for the default model.</param>
    /// <param name="cancellationToken">Cancels all answers and frees their resources in the cluster.</param>
    /// <exception cref="RequestException">The request is wrong; the message says what is allowed.</exception>
    /// <exception cref="QueueFullException">The cluster has too many requests now.</exception>
    /// <exception cref="GenerationFailedException">The cluster could not answer.</exception>
    public async IAsyncEnumerable<AnswerChunk> GenerateAsync(
        GenerationRequest request, string? model = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ClusterModel resolved = await GetModelAsync(model, cancellationToken);
        await foreach (AnswerChunk chunk in GenerateAsync(resolved, request, null, cancellationToken))
        {
            yield return chunk;
        }
    }

    /// <summary>Cancels the requests in progress and closes the connection if <see cref="ConnectAsync"/> opened it.</summary>
    public async ValueTask DisposeAsync()
    {
        Dispose();
        if (Interlocked.Exchange(ref _host, null) is { } host)
        {
            await host.DisposeAsync();
        }
    }

    /// <summary>Gets a model by name; null for the default model.</summary>
    internal ValueTask<ClusterModel> GetModelAsync(string? model, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposedToken.IsCancellationRequested, this);
        return _catalog.GetAsync(model, cancellationToken);
    }

    /// <summary>Makes a call that may safely run more than once.</summary>
    internal Task<T> CallAsync<T>(Func<IClusterClient, Task<T>> call, CancellationToken cancellationToken) =>
        _calls.ExecuteAsync(() => call(Cluster), cancellationToken);

    /// <summary>Streams the batches of a request and resumes after failures. Disposing the client cancels the stream.</summary>
    internal IAsyncEnumerable<TokenBatch> StreamAsync(string model, GenerationRequest request, CancellationToken cancellationToken) =>
        StreamAsync(RequestSpec.Of(model, request, _options.Deadline), request.Cancellation, cancellationToken);

    private async IAsyncEnumerable<TokenBatch> StreamAsync(
        RequestSpec spec, CancellationToken cancellation, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposedToken.IsCancellationRequested, this);
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, cancellation, _disposedToken);
        ResumingStream stream = new((part, token) => Cluster.GetGrain<IRequestGrain>(Guid.NewGuid()).RunAsync(part, token), _time);
        await foreach (TokenBatch batch in stream.RunAsync(spec, linked.Token))
        {
            yield return batch;
        }
    }

    private async IAsyncEnumerable<AnswerChunk> GenerateAsync(
        ClusterModel model, GenerationRequest request, ConstraintSpec? constraint, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        AnswerChunkFactory chunks = new(request);
        request = model.Parent is null ? request : request with { Adapter = model.Name };
        RequestSpec spec = RequestSpec.Of(model.BaseName, request, _options.Deadline) with { IncludeText = model.HasText };
        spec = constraint is null ? spec : spec with { Constraint = constraint.Text, ConstraintParameter = ChatOptionsMapper.ConstraintParameter };
        await foreach (TokenBatch batch in StreamAsync(spec, request.Cancellation, cancellationToken))
        {
            if (batch.RequestError is { } error)
            {
                throw error.ToException(request.Choices);
            }

            switch (batch.Finish)
            {
                case FinishCode.Error:
                    throw new GenerationFailedException(batch.Error ?? "The cluster failed.");
                case FinishCode.Cancelled:
                    throw new OperationCanceledException("The request was cancelled.");
                case FinishCode.None when batch.IsHeartbeat:
                    continue;
                default:
                    yield return chunks.Create(batch);
                    break;
            }
        }
    }

    private static GenerationRequest CreateRequest(ClusterModel model, ReadOnlyMemory<int> promptIds)
    {
        int room = Math.Max(1, model.MaxTokens - promptIds.Length);
        return new GenerationRequest
        {
            PromptIds = promptIds,
            Sampling = model.Sampling,
            MaxTokens = model.MaxNewTokens is { } recommended ? Math.Min(recommended, room) : null,
        };
    }
}
