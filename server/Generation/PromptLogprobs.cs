using System.Globalization;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Generation;

/// <summary>The log probabilities of a prompt in vLLM's format: one object per token, which has an entry for each alternative, named by its id.</summary>
/// <param name="text">The mapping from tokens, including special ones, to bytes.</param>
/// <param name="alternatives">The number of alternatives per token.</param>
internal sealed class PromptLogprobs(ITokenText text, int alternatives)
{
    private readonly List<SampledToken> _prompt = [];

    /// <summary>Appends the tokens after the prompt's first, with their log probabilities.</summary>
    public void Append(ReadOnlySpan<SampledToken> prompt) => _prompt.AddRange(prompt);

    /// <summary>Writes the field "prompt_logprobs". Its first entry is null: nothing precedes the first token.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("prompt_logprobs"u8);
        writer.WriteNullValue();
        foreach (SampledToken token in _prompt)
        {
            TokenLogProbability[] top = token.Top![..Math.Min(alternatives, token.Top!.Length)];
            int rank = Array.FindIndex(token.Top!, entry => entry.Id == token.Id) + 1;
            writer.WriteStartObject();
            Write(writer, token.Id, token.LogProbability, rank > 0 ? rank : null);
            for (int i = 0; i < top.Length; i++)
            {
                if (top[i].Id != token.Id)
                {
                    Write(writer, top[i].Id, top[i].LogProbability, i + 1);
                }
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private void Write(Utf8JsonWriter writer, int id, float logProbability, int? rank)
    {
        writer.WriteStartObject(id.ToString(CultureInfo.InvariantCulture));
        writer.WriteNumber("logprob"u8, LogprobFormat.Finite(logProbability));
        if (rank is int place)
        {
            writer.WriteNumber("rank"u8, place);
        }
        else
        {
            writer.WriteNull("rank"u8);
        }

        writer.WriteString("decoded_token"u8, LogprobFormat.Text(text, id));
        writer.WriteEndObject();
    }
}
