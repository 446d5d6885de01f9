using System.Globalization;
using System.Text.Json;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Text.Tokenization;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Tokens;

/// <summary>GET /tokenizer_info: what clients need to prepare prompts themselves, in the format of vLLM, which is that of tokenizer_config.json.</summary>
internal sealed class TokenizerInfoEndpoint(ModelSlot slot)
{
    /// <summary>Describes the tokenizer.</summary>
    public Task GetAsync(HttpContext context)
    {
        ServedModel model = slot.Require();
        Tokenizer tokenizer = model.Tokenizer ?? throw ApiException.Invalid(null, "This model has no tokenizer.");
        return JsonResponse.WriteAsync(context, writer => Write(writer, model, tokenizer));
    }

    private static void Write(Utf8JsonWriter writer, ServedModel model, Tokenizer tokenizer)
    {
        int? end = model.Generator.Info.EosIds.Count > 0 ? model.Generator.Info.EosIds[0] : null;
        writer.WriteStartObject();
        writer.WriteString("tokenizer_class"u8, "HunyuanTokenizer"u8);
        writer.WriteNumber("model_max_length"u8, model.Generator.Info.MaxContext);
        writer.WriteNumber("vocab_size"u8, tokenizer.VocabularySize);
        WriteToken(writer, "bos_token", tokenizer, model.BeginId);
        WriteToken(writer, "eos_token", tokenizer, end);
        // Evaluators pad with the end-of-text token where a model has none of its own.
        WriteToken(writer, "pad_token", tokenizer, end);
        writer.WriteStartArray("additional_special_tokens"u8);
        foreach (SpecialToken token in tokenizer.SpecialTokens)
        {
            writer.WriteStringValue(token.Text);
        }

        writer.WriteEndArray();
        writer.WriteStartObject("added_tokens_decoder"u8);
        foreach (SpecialToken token in tokenizer.SpecialTokens)
        {
            writer.WriteStartObject(token.Id.ToString(CultureInfo.InvariantCulture));
            writer.WriteString("content"u8, token.Text);
            writer.WriteBoolean("special"u8, true);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteString("chat_template"u8, model.Chat?.Template.Source);
        writer.WriteEndObject();
    }

    private static void WriteToken(Utf8JsonWriter writer, string name, Tokenizer tokenizer, int? id)
    {
        string? text = tokenizer.SpecialTokens.Where(token => token.Id == id).Select(static token => token.Text).FirstOrDefault();
        writer.WriteString(name, text);
        if (id is int known)
        {
            writer.WriteNumber(name + "_id", known);
        }
        else
        {
            writer.WriteNull(name + "_id");
        }
    }
}
