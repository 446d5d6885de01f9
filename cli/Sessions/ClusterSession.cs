using System.Diagnostics;
using HunyuanOrleans.Client;
using HunyuanOrleans.Contracts;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using AI = Microsoft.Extensions.AI;
using ChatMessage = HunyuanOrleans.Text.Templates.ChatMessage;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>A session with a model on a cluster. Needs no files of the model on this machine.</summary>
internal sealed class ClusterSession : IInferenceSession, IPromptEncoder
{
    private readonly HunyuanClient _client;
    private readonly ClusterModel _model;

    private ClusterSession(HunyuanClient client, ClusterModel model, TimeSpan connectTime)
    {
        _client = client;
        _model = model;
        LoadTime = connectTime;
        bool sample = !model.Sampling.IsGreedy;
        Defaults = new GenerationDefaults(
            sample ? model.Sampling.Temperature : 1, model.Sampling.TopP, model.Sampling.TopK, model.Sampling.RepetitionPenalty, sample, [], model.MaxNewTokens);
    }

    /// <inheritdoc/>
    public string Name => $"{_model.Name} on a cluster";

    /// <inheritdoc/>
    public IPromptEncoder Encoder => this;

    /// <inheritdoc/>
    public GenerationDefaults Defaults { get; }

    /// <inheritdoc/>
    public TimeSpan LoadTime { get; }

    /// <summary>Connects to a cluster.</summary>
    /// <param name="configure">Sets the address of the cluster and the name of the model.</param>
    /// <param name="cancellation">Cancels connecting.</param>
    /// <exception cref="HunyuanException">The cluster cannot be reached, or does not have the model.</exception>
    public static async Task<ClusterSession> OpenAsync(Action<HunyuanClientOptions> configure, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        HunyuanClient client = await HunyuanClient.ConnectAsync(configure, cancellation);
        try
        {
            ClusterModel model = await client.DescribeAsync(cancellationToken: cancellation);
            return new ClusterSession(client, model, Stopwatch.GetElapsedTime(started));
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<int[]> EncodeChatAsync(IReadOnlyList<ChatMessage> messages) =>
        await _client.EncodeChatAsync(messages.Select(Convert), _model.Name);

    /// <inheritdoc/>
    public async ValueTask<int[]> EncodeAsync(string text) => await _client.EncodeAsync(text, _model.Name);

    /// <inheritdoc/>
    public GenerationRequest CreateRequest(int[] prompt, AnswerSettings settings, CancellationToken cancellation) =>
        settings.CreateRequest(prompt, _model.MaxTokens, cancellation);

    /// <inheritdoc/>
    public async Task<Answer> AnswerAsync(GenerationRequest request, Action<string> show)
    {
        long started = Stopwatch.GetTimestamp();
        TimeSpan? first = null;
        List<string> chunks = [];
        List<int> ids = [];
        FinishReason finish = FinishReason.None;
        try
        {
            await foreach (AnswerChunk chunk in _client.GenerateAsync(request, _model.Name, request.Cancellation))
            {
                first ??= Stopwatch.GetElapsedTime(started);
                string shown = _model.HasText ? chunk.Text : Answer.FormatIds(chunk.Ids.Span, ids.Count > 0);
                ids.AddRange(chunk.Ids.Span);
                finish = chunk.Finish;
                if (shown.Length > 0)
                {
                    chunks.Add(shown);
                    show(shown);
                }
            }
        }
        catch (OperationCanceledException) when (request.Cancellation.IsCancellationRequested)
        {
            finish = FinishReason.Cancelled;
        }

        RequestTimings timings = new(first ?? TimeSpan.Zero, first, Stopwatch.GetElapsedTime(started));
        return new Answer(_model.HasText ? string.Concat(chunks) : null, [.. ids], finish, timings);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private static AI.ChatMessage Convert(ChatMessage message)
    {
        if (message.ToolCalls is not null || message.ToolCallId is not null || message.Extra is not null)
        {
            throw new ModelException("The messages have tool calls or other fields; a cluster accepts only role, name, content and reasoning_content.");
        }

        AI.ChatMessage converted = new(new AI.ChatRole(message.Role), message.Content) { AuthorName = message.Name };
        if (message.ReasoningContent is { } thought)
        {
            converted.Contents.Add(new AI.TextReasoningContent(thought));
        }

        return converted;
    }
}
