using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Completions;

/// <summary>
/// Log probabilities in the format of text completions: parallel arrays. Offsets count the UTF-16 code units of the tokens before.
/// </summary>
internal sealed class CompletionLogprobs(ITokenText text)
{
    private int _offset;

    /// <summary>Writes the field "logprobs" with the next tokens.</summary>
    public void Write(Utf8JsonWriter writer, ReadOnlySpan<SampledToken> samples)
    {
        writer.WriteStartObject("logprobs"u8);
        writer.WriteStartArray("tokens"u8);
        foreach (ref readonly SampledToken sample in samples)
        {
            writer.WriteStringValue(LogprobFormat.Text(text, sample.Id));
        }

        writer.WriteEndArray();
        writer.WriteStartArray("token_logprobs"u8);
        foreach (ref readonly SampledToken sample in samples)
        {
            writer.WriteNumberValue(LogprobFormat.Finite(sample.LogProbability));
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
            _offset += LogprobFormat.Text(text, sample.Id).Length;
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
            // Tokens that hold parts of characters may have equal texts. The first one, which is the most probable, is written.
            string name = LogprobFormat.Text(text, top.Id);
            if (written.Add(name))
            {
                writer.WriteNumber(name, LogprobFormat.Finite(top.LogProbability));
            }
        }

        writer.WriteEndObject();
    }
}
