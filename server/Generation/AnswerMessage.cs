using System.Text;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text.Answers;

namespace HunyuanOrleans.Server.Generation;

/// <summary>One answer that is collected as a whole.</summary>
internal sealed class AnswerMessage
{
    private readonly List<ToolCall> _calls = [];

    /// <summary>The text for the user.</summary>
    public StringBuilder Content { get; } = new();

    /// <summary>The reasoning.</summary>
    public StringBuilder Reasoning { get; } = new();

    /// <summary>The calls that are complete. One that breaks off is none.</summary>
    public IReadOnlyList<ToolCall> Calls => _calls.Count > 0 && !_calls[^1].IsComplete ? _calls[..^1] : _calls;

    /// <summary>Why the answer ended.</summary>
    public FinishReason Finish { get; private set; }

    /// <summary>Appends a chunk.</summary>
    public void Append(in ResponseChunk chunk)
    {
        foreach (AnswerEvent part in chunk.Events)
        {
            switch (part.Kind)
            {
                case AnswerEventKind.Content:
                    Content.Append(part.Text);
                    break;
                case AnswerEventKind.Reasoning:
                    Reasoning.Append(part.Text);
                    break;
                case AnswerEventKind.CallBegin:
                    _calls.Add(new ToolCall(part.Id!, part.Text));
                    break;
                case AnswerEventKind.CallArguments:
                    _calls[^1].Arguments.Append(part.Text);
                    break;
                default:
                    _calls[^1].IsComplete = true;
                    break;
            }
        }

        Finish = chunk.Finish;
    }
}
