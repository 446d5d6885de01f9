using System.Runtime.CompilerServices;
using HunyuanOrleans.Client.Chat;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Text.Answers;
using Microsoft.Extensions.AI;

namespace HunyuanOrleans.Client;

/// <content>The client as the <see cref="IChatClient"/> of Microsoft.Extensions.AI.</content>
public sealed partial class HunyuanClient : IChatClient
{
    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The chat or the options use an unsupported feature, such as tools.</exception>
    /// <exception cref="RequestException">A value is wrong; the message says what is allowed.</exception>
    /// <exception cref="QueueFullException">The cluster has too many requests now.</exception>
    /// <exception cref="GenerationFailedException">The cluster could not answer.</exception>
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The chat or the options use an unsupported feature, such as tools.</exception>
    /// <exception cref="RequestException">A value is wrong; the message says what is allowed.</exception>
    /// <exception cref="QueueFullException">The cluster has too many requests now.</exception>
    /// <exception cref="GenerationFailedException">The cluster could not answer.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatTurn[] turns = ChatMessageMapper.ToTurns(messages, options?.Instructions);
        ChatOptionsMapper.ThrowIfUnsupported(options);
        ClusterModel model = await GetModelAsync(options?.ModelId, cancellationToken);
        EncodedText prompt = await _catalog.EncodeAsync(model.BaseName, grain => grain.EncodeChatAsync(turns), cancellationToken);
        GenerationRequest request = ChatOptionsMapper.Apply(options, CreateRequest(model, prompt.Ids));
        ReasoningFormat? reasoning = ReasoningFormat.Find(prompt.Reasoning);
        ReasoningStart start = (ReasoningStart)prompt.ReasoningStart;
        ConstraintSpec? constraint = ChatOptionsMapper.ToConstraint(options);
        if (constraint is not null && reasoning is not null)
        {
            constraint = ReasoningGrammar.Wrap(constraint, reasoning, start);
        }

        ChatUpdateFactory updates = new(model.Name, _time.GetUtcNow(), new AnswerParser(reasoning, start, null));
        await foreach (AnswerChunk chunk in GenerateAsync(model, request, constraint, cancellationToken))
        {
            ChatResponseUpdate update = updates.Create(chunk);
            if (update.Contents.Count > 0)
            {
                yield return update;
            }
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("hunyuan", null, _options.Model)
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(Cluster) ? Cluster
            : null;
    }

    /// <summary>Cancels the requests in progress. Only <see cref="DisposeAsync"/> closes a connection that <see cref="ConnectAsync"/> opened.</summary>
    public void Dispose()
    {
        // The source is not disposed, because streams that end at this moment may still link to it.
        _disposed.Cancel();
    }
}
