using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Chat;

/// <summary>The format of chat completions.</summary>
/// <param name="text">The mapping from tokens, including special ones, to bytes, for log probabilities.</param>
/// <param name="logprobs">Whether log probabilities were requested.</param>
/// <param name="answer">What answers consist of.</param>
/// <param name="includeUsage">Whether a stream ends with a chunk that holds the token usage.</param>
internal sealed class ChatFormat(ITokenText text, bool logprobs, AnswerOptions answer, bool includeUsage) : OpenAIFormat(includeUsage)
{
    // As in OpenAI's API: a choice whose function was named by the request ends with "stop".
    private readonly string _callFinish = answer.Tools.Mode == ToolMode.Named ? "stop" : "tool_calls";

    /// <inheritdoc/>
    public override string Operation => "chat";

    /// <inheritdoc/>
    public override string IdPrefix => "chatcmpl-";

    /// <inheritdoc/>
    protected override string ChunkObject => "chat.completion.chunk";

    /// <inheritdoc/>
    protected override string ResponseObject => "chat.completion";

    /// <inheritdoc/>
    public override IChoiceFormat CreateChoice(int index, int prompt) =>
        new ChatChoiceFormat(index, logprobs ? new ChatLogprobs(text) : null, _callFinish, answer.ShowReasoning);
}
