using System.Runtime.CompilerServices;
using HunyuanOrleans.Client.Chat;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using Microsoft.Extensions.AI;

namespace HunyuanOrleans.Client;

/// <content>The client as the <see cref="IChatClient"/> of Microsoft.Extensions.AI.</content>
public sealed partial class HunyuanClient : IChatClient
{
    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The chat or the options ask for what is not there, such as tools.</exception>
    /// <exception cref="RequestException">A value is wrong; the message says what is allowed.</exception>
    /// <exception cref="QueueFullException">The cluster has too many requests now.</exception>
    /// <exception cref="GenerationFailedException">The cluster could not answer.</exception>
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The chat or the options ask for what is not there, such as tools.</exception>
    /// <exception cref="RequestException">A value is wrong; the message says what is allowed.</exception>
    /// <exception cref="QueueFullException">The cluster has too many requests now.</exception>
    /// <exception cref="GenerationFailedException">The cluster could not answer.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatTurn[] turns = ChatTurns.Of(messages, options?.Instructions);
        ChatWishes.RequireSupported(options);
        ClusterModel model = await ModelAsync(options?.ModelId, cancellationToken);
        int[] prompt = await _models.EncodeAsync(model.Name, grain => grain.EncodeChatAsync(turns), cancellationToken);
        GenerationRequest request = ChatWishes.Apply(options, Suggest(model, prompt));
        ChatUpdates updates = new(model.Name, _time.GetUtcNow());
        await foreach (AnswerChunk chunk in GenerateAsync(model, request, ChatWishes.Constraint(options), cancellationToken))
        {
            if (chunk.Text.Length > 0 || chunk.Usage is not null)
            {
                yield return updates.Of(chunk);
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

    /// <summary>Cancels what it serves. A connection of its own is ended by <see cref="DisposeAsync"/>.</summary>
    public void Dispose()
    {
        // Not disposed: streams that end just now may still link to it.
        _disposed.Cancel();
    }
}
