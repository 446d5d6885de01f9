using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Chat;

/// <summary>Log probabilities in the shape of chats: an object per token, with its bytes.</summary>
internal sealed class ChatLogprobs(ITokenText text)
{
    private readonly List<SampledToken> _kept = [];

    /// <summary>Keeps tokens for a whole answer.</summary>
    public void Keep(ReadOnlySpan<SampledToken> samples) => _kept.AddRange(samples);

    /// <summary>Writes the field logprobs: null where none were asked for.</summary>
    public static void WriteTo(Utf8JsonWriter writer, ChatLogprobs? logprobs, bool kept)
    {
        if (logprobs is null || !kept)
        {
            writer.WriteNull("logprobs"u8);
            return;
        }

        logprobs.Write(writer, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(logprobs._kept));
    }

    /// <summary>Writes the field logprobs with some tokens.</summary>
    public void Write(Utf8JsonWriter writer, ReadOnlySpan<SampledToken> samples)
    {
        writer.WriteStartObject("logprobs"u8);
        writer.WriteStartArray("content"u8);
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
        writer.WriteNull("refusal"u8);
        writer.WriteEndObject();
    }

    private void WriteToken(Utf8JsonWriter writer, int id, float logProbability)
    {
        writer.WriteString("token"u8, LogprobText.Of(text, id));
        writer.WriteNumber("logprob"u8, LogprobText.Finite(logProbability));
        writer.WriteStartArray("bytes"u8);
        foreach (byte value in text.TokenBytes(id))
        {
            writer.WriteNumberValue(value);
        }

        writer.WriteEndArray();
    }
}
