using System.Runtime.InteropServices;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Chat;

/// <summary>Log probabilities in the format of chat completions: one object per token, with its bytes.</summary>
internal sealed class ChatLogprobs(ITokenText text)
{
    private readonly List<SampledToken> _samples = [];

    /// <summary>Appends tokens that are written later.</summary>
    public void Append(ReadOnlySpan<SampledToken> samples) => _samples.AddRange(samples);

    /// <summary>Writes the field "logprobs" with the appended tokens; null if none were requested.</summary>
    public static void WriteTo(Utf8JsonWriter writer, ChatLogprobs? logprobs)
    {
        if (logprobs is null)
        {
            writer.WriteNull("logprobs"u8);
            return;
        }

        logprobs.Write(writer, CollectionsMarshal.AsSpan(logprobs._samples));
    }

    /// <summary>Writes the field "logprobs" with the given tokens.</summary>
    public void Write(Utf8JsonWriter writer, ReadOnlySpan<SampledToken> samples)
    {
        writer.WriteStartObject("logprobs"u8);
        writer.WritePropertyName("content"u8);
        WriteTokens(writer, samples);
        writer.WriteNull("refusal"u8);
        writer.WriteEndObject();
    }

    /// <summary>Writes the appended tokens, if any, as the field "logprobs" in Ollama's form, a list, and forgets them.</summary>
    public void WriteList(Utf8JsonWriter writer)
    {
        if (_samples.Count > 0)
        {
            writer.WritePropertyName("logprobs"u8);
            WriteTokens(writer, CollectionsMarshal.AsSpan(_samples));
            _samples.Clear();
        }
    }

    private void WriteTokens(Utf8JsonWriter writer, ReadOnlySpan<SampledToken> samples)
    {
        writer.WriteStartArray();
        foreach (ref readonly SampledToken sample in samples)
        {
            writer.WriteStartObject();
            WriteToken(writer, sample.Id, sample.LogProbability);
            writer.WriteStartArray("top_logprobs"u8);
            foreach (TokenLogProbability top in sample.Top ?? [])
            {
                writer.WriteStartObject();
                WriteToken(writer, top.Id, top.LogProbability);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private void WriteToken(Utf8JsonWriter writer, int id, float logProbability)
    {
        writer.WriteString("token"u8, LogprobFormat.Text(text, id));
        writer.WriteNumber("logprob"u8, LogprobFormat.Finite(logProbability));
        writer.WriteStartArray("bytes"u8);
        foreach (byte value in text.TokenBytes(id))
        {
            writer.WriteNumberValue(value);
        }

        writer.WriteEndArray();
    }
}
