using System.Text;
using System.Text.Json;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// Reads the parameters by which other servers' clients give an answer a form: vLLM's <c>structured_outputs</c> and its older
/// <c>guided_…</c>, and llama.cpp's <c>grammar</c> and <c>json_schema</c>.
/// </summary>
internal static class FormParameters
{
    private const string StructuredName = "structured_outputs";

    // The default limit of JsonDocument.
    private const int MaxDepth = 64;

    private static readonly string[] Kinds = ["json", "json_object", "regex", "choice", "grammar", "structural_tag"];

    /// <summary>Reads all parameters that are there; they exclude each other, which the caller checks.</summary>
    /// <exception cref="ApiException">A parameter is invalid or not supported.</exception>
    public static IEnumerable<StructuredOutput> Read(RequestFields fields)
    {
        // vLLM's pattern for white space and llama.cpp's triggers would change what the answer may be.
        foreach (string name in (string[])["guided_whitespace_pattern", "grammar_lazy", "grammar_triggers"])
        {
            if (fields[name] is { ValueKind: not JsonValueKind.False })
            {
                throw ApiException.Invalid(name, $"{name} is not supported; leave it out.", "unsupported_value");
            }
        }

        List<StructuredOutput> found = [];
        AddForms(found, fields, "guided_", "", ["json", "regex", "choice", "grammar"]);
        if (fields.Object(StructuredName) is RequestFields structured)
        {
            CheckStructured(fields[StructuredName]!.Value);
            int before = found.Count;
            AddForms(found, structured, "", $"{StructuredName}.", Kinds);
            if (found.Count != before + 1)
            {
                throw ApiException.Invalid(StructuredName, $"{StructuredName} must have exactly one of {string.Join(", ", Kinds)}.");
            }
        }

        if (fields["json_schema"] is JsonElement schema)
        {
            found.Add(new StructuredOutput(ConstraintSpec.JsonSchema(Schema(schema, "json_schema")), "json_schema"));
        }

        // llama.cpp's clients send an empty grammar for none.
        if (fields.Text("grammar") is { Length: > 0 } grammar)
        {
            found.Add(new StructuredOutput(ConstraintSpec.Grammar(grammar), "grammar"));
        }

        return found;
    }

    private static void AddForms(List<StructuredOutput> found, RequestFields fields, string prefix, string path, string[] kinds)
    {
        foreach (string kind in kinds)
        {
            string field = prefix + kind, name = path + field;
            if (fields[field] is JsonElement value && (kind != "json_object" || fields.Bool(field) == true))
            {
                found.Add(new StructuredOutput(Form(kind, value, fields, field, name), name));
            }
        }
    }

    private static ConstraintSpec Form(string kind, JsonElement value, RequestFields fields, string field, string name) => kind switch
    {
        "json" => ConstraintSpec.JsonSchema(Schema(value, name)),
        "json_object" => ConstraintSpec.JsonObject,
        "regex" => ConstraintSpec.Regex(fields.Text(field)!),
        "choice" => fields.Texts(field) is { Count: > 0 } choices ? ConstraintSpec.Choice(choices)
            : throw ApiException.Invalid(name, $"{name} must hold at least one answer."),
        "grammar" => ConstraintSpec.Grammar(fields.Text(field)!),
        _ => new StructuralTagReader(name).Read(value.ValueKind == JsonValueKind.String ? Parse(value.GetString()!, name) : value),
    };

    private static void CheckStructured(JsonElement structured)
    {
        foreach (JsonProperty field in structured.EnumerateObject())
        {
            bool hasNoEffect = field.Value.ValueKind is JsonValueKind.Null or JsonValueKind.False || field.NameEquals("disable_fallback");
            if (!hasNoEffect && !Kinds.Contains(field.Name))
            {
                string name = $"{StructuredName}.{field.Name}";
                throw ApiException.Invalid(name, $"{name} is not supported; allowed: one of {string.Join(", ", Kinds)}.", "unsupported_value");
            }
        }
    }

    // Like vLLM, this accepts the schema as an object or as a string that contains one.
    private static string Schema(JsonElement value, string name)
    {
        JsonElement schema = value.ValueKind == JsonValueKind.Object ? value : Parse(RequestFields.Text(value, name), name);
        return schema.ValueKind == JsonValueKind.Object ? schema.GetRawText() : throw ApiException.Invalid(name, $"{name} must be a JSON schema, an object.");
    }

    private static JsonElement Parse(string text, string name)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return JsonBodyReader.FindUnpairedSurrogate(Encoding.UTF8.GetBytes(text), MaxDepth) is not null
                ? throw ApiException.Invalid(name, $"{name} holds half of a surrogate pair.")
                : document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw ApiException.Invalid(name, $"{name} is not valid JSON: {e.Message}");
        }
    }
}
