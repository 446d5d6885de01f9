using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Reads allowed_token_ids and bad_words.</summary>
internal static class TokenRestrictions
{
    private const string BadWords = "bad_words";

    /// <summary>Adds the restrictions of a request to its sampling parameters.</summary>
    public static SamplingParams Apply(RequestFields fields, ServedModel model, SamplingParams sampling) => sampling with
    {
        AllowedTokens = fields.Ints("allowed_token_ids"),
        BadWords = Words(fields, model),
    };

    // As in vLLM, a word is forbidden at the start of a text and after a space: tokenizers write it as different tokens there.
    private static List<int[]>? Words(RequestFields fields, ServedModel model)
    {
        IReadOnlyList<string> words = fields.Texts(BadWords);
        if (words.Count == 0)
        {
            return null;
        }

        Tokenizer tokenizer = model.Tokenizer ?? throw ApiException.Invalid(
            BadWords, $"{BadWords} needs a tokenizer, and this model has none; use logit_bias with token ids.", "unsupported_value");
        List<int[]> sequences = [];
        foreach (string word in words)
        {
            string text = word.TrimStart();
            if (text.Length == 0)
            {
                throw ApiException.Invalid(BadWords, $"{BadWords} holds an empty word.");
            }

            sequences.Add(tokenizer.Encode(text));
            sequences.Add(tokenizer.Encode(" " + text));
        }

        return sequences;
    }
}
