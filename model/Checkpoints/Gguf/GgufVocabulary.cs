using System.Globalization;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>The tokenizer that a GGUF file gets. It does not know how text is encoded.</summary>
/// <param name="PreTokenizer">The value of tokenizer.ggml.pre.</param>
/// <param name="Tokens">The text of every token; empty for unused ids.</param>
/// <param name="Types">The type of every token: 1 for ordinary ones, 3 for special ones, 4 for other added ones, 5 for unused ids.</param>
/// <param name="Merges">The pairs that merge, in order.</param>
/// <param name="ChatTemplate">The chat template.</param>
public sealed record GgufVocabulary(
    string PreTokenizer, IReadOnlyList<string> Tokens, IReadOnlyList<int> Types, IReadOnlyList<string> Merges, string ChatTemplate)
{
    private const int Unused = 5;

    /// <summary>Adds the tokenizer, with as many tokens as the model's embedding has rows.</summary>
    /// <exception cref="ModelException">The embedding has fewer rows than there are tokens.</exception>
    internal void AddTo(GgufMetadata metadata, ModelConfig config)
    {
        if (Tokens.Count > config.VocabSize)
        {
            throw new ModelException(
                $"{config.Source}: the tokenizer has {Tokens.Count} tokens, and vocab_size is {config.VocabSize}; allowed: at least as many.");
        }

        if (config.EosTokenIds.Count > 3)
        {
            throw new ModelException($"{config.Source}: the model has {config.EosTokenIds.Count} end ids; allowed in a GGUF file: at most 3.");
        }

        int padding = config.VocabSize - Tokens.Count;
        metadata.Add("tokenizer.ggml.model", "gpt2");
        metadata.Add("tokenizer.ggml.pre", PreTokenizer);
        string[] texts = [.. Tokens.Concat(Enumerable.Repeat("", padding))];
        for (int id = 0; id < texts.Length; id++)
        {
            // llama.cpp wants a text of its own for every id.
            texts[id] = texts[id].Length > 0 ? texts[id] : string.Create(CultureInfo.InvariantCulture, $"[PAD{id}]");
        }

        metadata.Add("tokenizer.ggml.tokens", texts);
        metadata.Add("tokenizer.ggml.token_type", (int[])[.. Types.Concat(Enumerable.Repeat(Unused, padding))]);
        metadata.Add("tokenizer.ggml.merges", Merges);
        AddId("bos_token_id", config.BosTokenId);
        AddId("padding_token_id", config.PadTokenId);
        AddId("eos_token_id", config.EosTokenIds.Count > 0 ? config.EosTokenIds[0] : null);
        AddId("eot_token_id", config.EosTokenIds.Count > 1 ? config.EosTokenIds[1] : null);
        AddId("eom_token_id", config.EosTokenIds.Count > 2 ? config.EosTokenIds[2] : null);
        metadata.Add("tokenizer.chat_template", ChatTemplate);

        void AddId(string key, int? id)
        {
            if (id >= 0)
            {
                metadata.Add("tokenizer.ggml." + key, id.Value);
            }
        }
    }
}
