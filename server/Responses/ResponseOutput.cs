using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text.Answers;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Server.Responses;

/// <summary>The output of a response, which grows with each chunk: its items, and the events that tell of them.</summary>
/// <param name="showReasoning">Whether the response contains the reasoning.</param>
internal sealed class ResponseOutput(bool showReasoning)
{
    private readonly List<ResponseItem> _items = [];

    /// <summary>Why the response ended.</summary>
    public FinishReason Finish { get; private set; }

    private ResponseItem? Open => _items.Count > 0 && !_items[^1].HasEnded ? _items[^1] : null;

    /// <summary>Appends a chunk.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="events">Writes the events of a stream; null for a response that is not streamed.</param>
    public void Append(in ResponseChunk chunk, ResponseEventWriter? events)
    {
        foreach (AnswerEvent part in chunk.Events)
        {
            if (showReasoning || part.Kind != AnswerEventKind.Reasoning)
            {
                Append(part, events);
            }
        }

        if (chunk.Finish != FinishReason.None)
        {
            Finish = chunk.Finish;
            End(chunk.Finish != FinishReason.Length, events);
        }
    }

    /// <summary>Writes the items that have ended as the value of "output".</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (ResponseItem item in _items.Where(static item => item.HasEnded))
        {
            item.Write(json);
        }

        json.WriteEndArray();
    }

    /// <summary>Returns the output as a message of a chat, without a call that broke off; null if there is none.</summary>
    public ChatMessage? ToMessage()
    {
        List<ToolCall> calls = [];
        foreach (ResponseItem item in _items.Where(static item => item.Kind == ResponseItemKind.FunctionCall && item.IsComplete))
        {
            ToolCall call = new(item.CallId!, item.Name!) { IsComplete = true };
            call.Arguments.Append(item.Text);
            calls.Add(call);
        }

        string content = Join(ResponseItemKind.Message), reasoning = Join(ResponseItemKind.Reasoning);
        return content.Length + reasoning.Length + calls.Count == 0
            ? null
            : AssistantMessage.Create(content.Length == 0 && calls.Count > 0 ? null : content, reasoning, calls);
    }

    private string Join(ResponseItemKind kind) => string.Concat(_items.Where(item => item.Kind == kind).Select(static item => item.Text.ToString()));

    private void Append(in AnswerEvent part, ResponseEventWriter? events)
    {
        if (part.Kind == AnswerEventKind.CallEnd)
        {
            End(complete: true, events, callEnded: true);
            return;
        }

        ResponseItemKind kind = part.Kind switch
        {
            AnswerEventKind.Reasoning => ResponseItemKind.Reasoning,
            AnswerEventKind.Content => ResponseItemKind.Message,
            _ => ResponseItemKind.FunctionCall,
        };
        if (Open?.Kind != kind || part.Kind == AnswerEventKind.CallBegin)
        {
            End(complete: true, events);
            _items.Add(new ResponseItem(kind, part));
            events?.WriteBegin(_items[^1], _items.Count - 1);
        }

        if (part.Kind != AnswerEventKind.CallBegin)
        {
            Open!.Text.Append(part.Text);
            events?.WriteDelta(Open, _items.Count - 1, part.Text);
        }
    }

    private void End(bool complete, ResponseEventWriter? events, bool callEnded = false)
    {
        if (Open is ResponseItem item)
        {
            // A call ends with an event of its own; without it, it broke off.
            item.IsComplete = complete && (callEnded || item.Kind != ResponseItemKind.FunctionCall);
            item.HasEnded = true;
            events?.WriteEnd(item, _items.Count - 1);
        }
    }
}
