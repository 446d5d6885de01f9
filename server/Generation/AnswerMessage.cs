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
    public IReadOnlyList<ToolCall> Calls => [.. _calls.Where(static call => call.IsComplete)];

    /// <summary>Why the answer ended.</summary>
    public FinishReason Finish { get; private set; }

    /// <summary>Returns a call that has begun.</summary>
    /// <param name="index">The index of the call within the answer, as events have it.</param>
    public ToolCall GetCall(int index) => _calls[index];

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
                    _calls[part.Call].Arguments.Append(part.Text);
                    break;
                default:
                    _calls[part.Call].IsComplete = true;
                    break;
            }
        }

        Finish = chunk.Finish;
    }
}
