using System.Text;
using System.Text.Json;
using HunyuanOrleans.Text.Answers;

namespace HunyuanOrleans.Server.Responses;

/// <summary>An item of a response: reasoning, text for the user, or a call of a function.</summary>
internal sealed class ResponseItem
{
    /// <summary>Creates the item that an event begins.</summary>
    /// <param name="kind">The kind of the item.</param>
    /// <param name="first">The event.</param>
    public ResponseItem(ResponseItemKind kind, in AnswerEvent first)
    {
        Kind = kind;
        Id = Prefix(kind) + Guid.NewGuid().ToString("N");
        (Name, CallId) = kind == ResponseItemKind.FunctionCall ? (first.Text, first.Id) : (null, null);
    }

    /// <summary>The kind.</summary>
    public ResponseItemKind Kind { get; }

    /// <summary>The item's id.</summary>
    public string Id { get; }

    /// <summary>The function's name; null if the item is no call.</summary>
    public string? Name { get; }

    /// <summary>The id that the function's result refers to; null if the item is no call.</summary>
    public string? CallId { get; }

    /// <summary>The text, or the arguments of the call, so far.</summary>
    public StringBuilder Text { get; } = new();

    /// <summary>Whether all of the item is there: false while it is computed, and if it broke off.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Whether the item has ended.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Writes the item. Before its end it has no text, as in the event that announces it.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, Id);
        json.WriteString("type"u8, Kind switch
        {
            ResponseItemKind.Reasoning => "reasoning"u8,
            ResponseItemKind.Message => "message"u8,
            _ => "function_call"u8,
        });
        json.WriteString("status"u8, !HasEnded ? "in_progress"u8 : IsComplete ? "completed"u8 : "incomplete"u8);
        if (Kind == ResponseItemKind.FunctionCall)
        {
            json.WriteString("call_id"u8, CallId);
            json.WriteString("name"u8, Name);
            json.WriteString("arguments"u8, HasEnded ? Text.ToString() : "");
            json.WriteEndObject();
            return;
        }

        if (Kind == ResponseItemKind.Reasoning)
        {
            json.WriteStartArray("summary"u8);
            json.WriteEndArray();
        }
        else
        {
            json.WriteString("role"u8, "assistant"u8);
        }

        json.WriteStartArray("content"u8);
        if (HasEnded)
        {
            WritePart(json, Text.ToString());
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes the part of the content that holds the text.</summary>
    public void WritePart(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        if (Kind == ResponseItemKind.Reasoning)
        {
            json.WriteString("type"u8, "reasoning_text"u8);
        }
        else
        {
            json.WriteString("type"u8, "output_text"u8);
            json.WriteStartArray("annotations"u8);
            json.WriteEndArray();
            json.WriteStartArray("logprobs"u8);
            json.WriteEndArray();
        }

        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    private static string Prefix(ResponseItemKind kind) => kind switch
    {
        ResponseItemKind.Reasoning => "rs_",
        ResponseItemKind.Message => "msg_",
        _ => "fc_",
    };
}
