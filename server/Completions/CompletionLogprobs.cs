using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Completions;

/// <summary>
/// Log probabilities in the format of text completions: parallel arrays. Offsets count the code points of the choice's text before a token. A token
/// that holds a part of a character is named by its bytes.
/// </summary>
/// <param name="text">The mapping from tokens, including special ones, to bytes.</param>
/// <param name="shown">The mapping that the text of choices uses.</param>
/// <param name="top">The number of alternatives that were requested.</param>
internal sealed class CompletionLogprobs(ITokenText text, ITokenText shown, int top)
{
    private readonly TextOffset _offset = new();

    /// <summary>Writes the field "logprobs" with the next tokens.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="prompt">Tokens of the prompt. The first one of a prompt has no log probability: its Top is null.</param>
    /// <param name="samples">Tokens of the answer, after those of the prompt.</param>
    public void Write(Utf8JsonWriter writer, ReadOnlySpan<SampledToken> prompt, ReadOnlySpan<SampledToken> samples)
    {
        writer.WriteStartObject("logprobs"u8);
        writer.WriteStartArray("tokens"u8);
        WriteNames(writer, prompt);
        WriteNames(writer, samples);
        writer.WriteEndArray();
        writer.WriteStartArray("token_logprobs"u8);
        WriteValues(writer, prompt);
        WriteValues(writer, samples);
        writer.WriteEndArray();
        writer.WriteStartArray("top_logprobs"u8);
        WriteTops(writer, prompt);
        WriteTops(writer, samples);
        writer.WriteEndArray();
        writer.WriteStartArray("text_offset"u8);
        WriteOffsets(writer, prompt, text);
        if (!prompt.IsEmpty)
        {
            // Prompt and answer are decoded separately.
            _offset.Flush();
        }

        WriteOffsets(writer, samples, shown);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void WriteNames(Utf8JsonWriter writer, ReadOnlySpan<SampledToken> samples)
    {
        foreach (ref readonly SampledToken sample in samples)
        {
            writer.WriteStringValue(LogprobFormat.Name(text, sample.Id));
        }
    }

    private static void WriteValues(Utf8JsonWriter writer, ReadOnlySpan<SampledToken> samples)
    {
        foreach (ref readonly SampledToken sample in samples)
        {
            if (sample.Top is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                writer.WriteNumberValue(LogprobFormat.Finite(sample.LogProbability));
            }
        }
    }

    private void WriteTops(Utf8JsonWriter writer, ReadOnlySpan<SampledToken> samples)
    {
        foreach (ref readonly SampledToken sample in samples)
        {
            if (sample.Top is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                WriteTop(writer, sample, sample.Top);
            }
        }
    }

    private void WriteTop(Utf8JsonWriter writer, in SampledToken sample, TokenLogProbability[] alternatives)
    {
        writer.WriteStartObject();

        // Different tokens may have equal texts. The first one, which is the most probable, is written.
        HashSet<string> written = [];
        for (int i = 0; i < Math.Min(top, alternatives.Length); i++)
        {
            WriteAlternative(writer, written, alternatives[i].Id, alternatives[i].LogProbability);
        }

        if (top > 0)
        {
            // As in OpenAI's API, the token itself comes after them unless it is among them.
            WriteAlternative(writer, written, sample.Id, sample.LogProbability);
        }

        writer.WriteEndObject();
    }

    private void WriteAlternative(Utf8JsonWriter writer, HashSet<string> written, int id, float logProbability)
    {
        string name = LogprobFormat.Name(text, id);
        if (written.Add(name))
        {
            writer.WriteNumber(name, LogprobFormat.Finite(logProbability));
        }
    }

    private void WriteOffsets(Utf8JsonWriter writer, ReadOnlySpan<SampledToken> samples, ITokenText bytes)
    {
        foreach (ref readonly SampledToken sample in samples)
        {
            writer.WriteNumberValue(_offset.CodePoints);
            _offset.Append(bytes.TokenBytes(sample.Id));
        }
    }
}
