using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Completions;

/// <summary>Log probabilities in the shape of completions: parallel lists. Offsets count UTF-16 units of the tokens written so far.</summary>
internal sealed class CompletionLogprobs(ITokenText text)
{
    private int _offset;

    /// <summary>Writes the field logprobs with the next tokens.</summary>
    public void Write(Utf8JsonWriter writer, ReadOnlySpan<SampledToken> samples)
    {
        writer.WriteStartObject("logprobs"u8);
        writer.WriteStartArray("tokens"u8);
        foreach (ref readonly SampledToken sample in samples)
        {
            writer.WriteStringValue(LogprobText.Of(text, sample.Id));
        }

        writer.WriteEndArray();
        writer.WriteStartArray("token_logprobs"u8);
        foreach (ref readonly SampledToken sample in samples)
        {
            writer.WriteNumberValue(LogprobText.Finite(sample.LogProbability));
        }

        writer.WriteEndArray();
        writer.WriteStartArray("top_logprobs"u8);
        foreach (ref readonly SampledToken sample in samples)
        {
            WriteTop(writer, sample);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("text_offset"u8);
        foreach (ref readonly SampledToken sample in samples)
        {
            writer.WriteNumberValue(_offset);
            _offset += LogprobText.Of(text, sample.Id).Length;
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void WriteTop(Utf8JsonWriter writer, in SampledToken sample)
    {
        writer.WriteStartObject();
        HashSet<string> written = [];
        foreach (TokenLogProbability top in sample.Top ?? [])
        {
            // Parts of characters may look alike; the likelier one keeps the name.
            string name = LogprobText.Of(text, top.Id);
            if (written.Add(name))
            {
                writer.WriteNumber(name, LogprobText.Finite(top.LogProbability));
            }
        }

        writer.WriteEndObject();
    }
}
