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
/// A cluster's models for programs: chats and prompts in, answers out as they are written. An answer goes on where it was when a connection, a silo
/// or a grain is lost. Safe for any number of callers. Disposing it cancels what it serves. It needs no file of a model, and does not know where the
/// cluster computes.
/// </summary>
public sealed partial class HunyuanClient : IAsyncDisposable
{
    private readonly HunyuanClientOptions _options;
    private readonly ClusterCalls _calls;
    private readonly ClusterModels _models;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _disposed = new();
    private readonly CancellationToken _ended;
    private IAsyncDisposable? _below;

    /// <summary>A client over a connection there is already, which is not disposed.</summary>
    /// <param name="cluster">The connection.</param>
    /// <param name="options">What is meant by default, and how patient it is; null for the defaults. Where the cluster is, is not read.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public HunyuanClient(IClusterClient cluster, HunyuanClientOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        _options = options ?? new HunyuanClientOptions();
        _time = time ?? TimeProvider.System;
        _calls = new ClusterCalls(_options.Deadline, _time);
        _models = new ClusterModels(cluster, _calls, _options.Model);
        _ended = _disposed.Token;
        Cluster = cluster;
    }

    /// <summary>The connection.</summary>
    public IClusterClient Cluster { get; }

    /// <summary>Connects to a cluster, for programs without a host.</summary>
    /// <param name="configure">Says where the cluster is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HunyuanException">An option is wrong, or the cluster cannot be reached in time.</exception>
    public static async Task<HunyuanClient> ConnectAsync(Action<HunyuanClientOptions> configure, CancellationToken cancellationToken = default)
    {
        HunyuanClientOptions options = new();
        configure(options);
        ServiceCollection services = new();
        services.AddHunyuanClient(options);
        OwnHost host = new(services.BuildServiceProvider(), options.Place);
        try
        {
            HunyuanClient client = await host.StartAsync(cancellationToken);
            client._below = host;
            return client;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>What is to be known of a model.</summary>
    /// <param name="model">Its name; null for the usual one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RequestException">The model is unknown, or none is named and the cluster has several; the message lists them.</exception>
    /// <exception cref="GenerationFailedException">The cluster does not answer.</exception>
    public async Task<ClusterModel> DescribeAsync(string? model = null, CancellationToken cancellationToken = default) =>
        await ModelAsync(model, cancellationToken);

    /// <summary>Token ids of a text, nothing added. Special tokens in it stay text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="model">The model's name; null for the usual one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RequestException">The model is unknown or has no tokenizer.</exception>
    public async Task<int[]> EncodeAsync(string text, string? model = null, CancellationToken cancellationToken = default)
    {
        ClusterModel known = await ModelAsync(model, cancellationToken);
        return await _models.EncodeAsync(known.Name, grain => grain.EncodeAsync(text), cancellationToken);
    }

    /// <summary>Token ids of a chat through the model's template. Special tokens in the messages stay text.</summary>
    /// <param name="messages">The chat, oldest message first.</param>
    /// <param name="model">The model's name; null for the usual one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RequestException">The chat is wrong, or the model is unknown or has no tokenizer.</exception>
    /// <exception cref="NotSupportedException">A message holds something else than text.</exception>
    public async Task<int[]> EncodeChatAsync(IEnumerable<ChatMessage> messages, string? model = null, CancellationToken cancellationToken = default)
    {
        ChatTurn[] turns = ChatTurns.Of(messages, null);
        ClusterModel known = await ModelAsync(model, cancellationToken);
        return await _models.EncodeAsync(known.Name, grain => grain.EncodeChatAsync(turns), cancellationToken);
    }

    /// <summary>A request as the model's publisher suggests it: how tokens are drawn, and how long answers are.</summary>
    /// <param name="promptIds">The prompt.</param>
    /// <param name="model">The model's name; null for the usual one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RequestException">The model is unknown.</exception>
    public async Task<GenerationRequest> SuggestAsync(
        ReadOnlyMemory<int> promptIds, string? model = null, CancellationToken cancellationToken = default) =>
        Suggest(await ModelAsync(model, cancellationToken), promptIds);

    /// <summary>Answers a text, which goes on as it is, without a chat template, drawn as the model's publisher suggests.</summary>
    /// <param name="prompt">The text.</param>
    /// <param name="change">Changes the request before it is made; null for no change.</param>
    /// <param name="model">The model's name; null for the usual one.</param>
    /// <param name="cancellationToken">Gives the answer up: what it holds in the cluster is free again.</param>
    /// <exception cref="RequestException">The request is wrong; the message says what is allowed.</exception>
    /// <exception cref="QueueFullException">The cluster has too many requests now.</exception>
    /// <exception cref="GenerationFailedException">The cluster could not answer.</exception>
    public async IAsyncEnumerable<AnswerChunk> GenerateAsync(
        string prompt,
        Func<GenerationRequest, GenerationRequest>? change = null,
        string? model = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ClusterModel known = await ModelAsync(model, cancellationToken);
        GenerationRequest request = Suggest(known, await EncodeAsync(prompt, model, cancellationToken));
        await foreach (AnswerChunk chunk in GenerateAsync(known, change?.Invoke(request) ?? request, null, cancellationToken))
        {
            yield return chunk;
        }
    }

    /// <summary>Answers token ids, exactly as the request says.</summary>
    /// <param name="request">The request.</param>
    /// <param name="model">The model's name; null for the usual one.</param>
    /// <param name="cancellationToken">Gives all answers up: what they hold in the cluster is free again.</param>
    /// <exception cref="RequestException">The request is wrong; the message says what is allowed.</exception>
    /// <exception cref="QueueFullException">The cluster has too many requests now.</exception>
    /// <exception cref="GenerationFailedException">The cluster could not answer.</exception>
    public async IAsyncEnumerable<AnswerChunk> GenerateAsync(
        GenerationRequest request, string? model = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ClusterModel known = await ModelAsync(model, cancellationToken);
        await foreach (AnswerChunk chunk in GenerateAsync(known, request, null, cancellationToken))
        {
            yield return chunk;
        }
    }

    /// <summary>Cancels what it serves, and ends the connection where it is its own.</summary>
    public async ValueTask DisposeAsync()
    {
        Dispose();
        if (Interlocked.Exchange(ref _below, null) is { } below)
        {
            await below.DisposeAsync();
        }
    }

    /// <summary>A model by name; the usual one where it is null.</summary>
    internal ValueTask<ClusterModel> ModelAsync(string? model, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_ended.IsCancellationRequested, this);
        return _models.GetAsync(model, cancellationToken);
    }

    /// <summary>Makes a call that may be repeated.</summary>
    internal Task<T> CallAsync<T>(Func<IClusterClient, Task<T>> call, CancellationToken cancellationToken) =>
        _calls.RunAsync(() => call(Cluster), cancellationToken);

    /// <summary>The batches of a request, without seams. The enumeration ends where this is disposed.</summary>
    internal IAsyncEnumerable<TokenBatch> StreamAsync(string model, GenerationRequest request, CancellationToken cancellationToken) =>
        StreamAsync(RequestSpec.Of(model, request, _options.Deadline), request.Cancellation, cancellationToken);

    private async IAsyncEnumerable<TokenBatch> StreamAsync(
        RequestSpec spec, CancellationToken cancellation, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_ended.IsCancellationRequested, this);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, cancellation, _ended);
        ResumingStream stream = new((part, token) => Cluster.GetGrain<IRequestGrain>(Guid.NewGuid()).RunAsync(part, token), _time);
        await foreach (TokenBatch batch in stream.RunAsync(spec, any.Token))
        {
            yield return batch;
        }
    }

    private async IAsyncEnumerable<AnswerChunk> GenerateAsync(
        ClusterModel model, GenerationRequest request, ConstraintSpec? constraint, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        AnswerCount count = new(request);
        RequestSpec spec = RequestSpec.Of(model.Name, request, _options.Deadline) with { WantsText = model.HasText };
        spec = constraint is null ? spec : spec with { Constraint = constraint.Text, ConstraintParameter = ChatWishes.ConstraintParameter };
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
                case FinishCode.None when batch.Ids.Length == 0:
                    // Only a sign that the request is not forgotten.
                    continue;
                default:
                    yield return count.Take(batch);
                    break;
            }
        }
    }

    private static GenerationRequest Suggest(ClusterModel model, ReadOnlyMemory<int> promptIds)
    {
        int room = Math.Max(1, model.MaxTokens - promptIds.Length);
        return new GenerationRequest
        {
            PromptIds = promptIds,
            Sampling = model.Sampling,
            MaxTokens = model.MaxNewTokens is { } suggested ? Math.Min(suggested, room) : null,
        };
    }
}
