using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Compiles a JSON schema into a grammar of the documents that it allows. The grammar is narrower than the schema in three ways:
/// properties come in the schema's order, white space is bounded, and an object with named properties has additional ones only if the
/// schema has <c>additionalProperties</c>. <c>oneOf</c> is treated as <c>anyOf</c>.
/// </summary>
internal sealed class SchemaCompiler
{
    private const int MaxText = 1 << 20, MaxDepth = 64, MaxSchemas = 20_000;

    private static readonly string[] AllTypes = ["object", "array", "string", "number", "boolean", "null"];

    private readonly GrammarContext _context;
    private readonly JsonGrammar _json;
    private readonly SchemaMerger _merger;
    private readonly StringSchemaCompiler _strings;
    private readonly NumberSchemaCompiler _numbers;
    private readonly JsonNode? _root;
    private readonly Dictionary<string, NfaRule> _references = [];
    private readonly Queue<(NfaRule Rule, string Pointer)> _pending = new();
    private int _count;
    private int _depth;

    private SchemaCompiler(GrammarContext context, JsonGrammar json, string schema)
    {
        (_context, _json) = (context, json);
        (_merger, _strings, _numbers) = (new SchemaMerger(context), new StringSchemaCompiler(context, json), new NumberSchemaCompiler(context, json));
        if (schema.Length > MaxText)
        {
            throw context.Error($"The JSON schema has {schema.Length} characters; allowed are {MaxText}.");
        }

        try
        {
            _root = JsonNode.Parse(schema, null, new JsonDocumentOptions { MaxDepth = MaxDepth * 2, AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw context.Error($"The JSON schema is not valid JSON: {e.Message}");
        }
    }

    /// <summary>Compiles a schema.</summary>
    /// <param name="context">The constraint's ids and limits.</param>
    /// <param name="json">The grammar of JSON in this constraint.</param>
    /// <param name="schema">The schema as JSON text.</param>
    /// <exception cref="ConstraintException">The schema is malformed, too large or uses something unsupported.</exception>
    public static GrammarNode Compile(GrammarContext context, JsonGrammar json, string schema)
    {
        SchemaCompiler compiler = new(context, json, schema);
        GrammarNode node = new CallNode(compiler.RuleOf("#"));
        while (compiler._pending.TryDequeue(out (NfaRule Rule, string Pointer) item))
        {
            item.Rule.SetBody(compiler.CompileSchema(SchemaPointer.Resolve(context, compiler._root, item.Pointer), item.Pointer[1..]));
        }

        return node;
    }

    /// <summary>Returns the rule of the schema at a JSON pointer, so that recursive references end.</summary>
    private NfaRule RuleOf(string pointer)
    {
        if (!_references.TryGetValue(pointer, out NfaRule? rule))
        {
            rule = new NfaRule(_context, pointer == "#" ? "The JSON schema" : $"The JSON schema's {pointer}");
            _references.Add(pointer, rule);
            _pending.Enqueue((rule, pointer));
        }

        return rule;
    }

    private GrammarNode CompileSchema(JsonNode? node, string pointer)
    {
        if (++_count > MaxSchemas)
        {
            throw _context.Error($"The JSON schema is too complex: it has more than {MaxSchemas} parts.");
        }

        switch (node?.GetValueKind())
        {
            case JsonValueKind.True:
                return _json.Value;
            case JsonValueKind.False:
                return GrammarNode.Nothing;
            case JsonValueKind.Object:
                break;
            default:
                string place = pointer.Length == 0 ? "the top" : pointer;
                throw _context.Error($"The JSON schema at {place} is not an object; allowed: an object, true or false.");
        }

        if (++_depth > MaxDepth)
        {
            throw _context.Error($"The JSON schema is nested more than {MaxDepth} deep at {pointer}.");
        }

        SchemaReader schema = new(_context, NullableKeyword.Expand((JsonObject)node), pointer);
        schema.RejectUnsupported();
        GrammarNode compiled = CompileObject(schema);
        _depth--;
        return compiled;
    }

    private GrammarNode CompileObject(SchemaReader schema)
    {
        if (schema.GetString("$ref") is { } reference)
        {
            JsonObject rest = _merger.Without(schema.Schema, "$ref");
            return rest.Count == 0
                ? new CallNode(RuleOf(SchemaPointer.Normalize(reference, schema)))
                : CompileSchema(_merger.Merge(rest, TargetOf(schema, reference), schema.Pointer), schema.Pointer);
        }

        if (schema.GetArray("allOf") is { } parts)
        {
            JsonNode merged = _merger.Without(schema.Schema, "allOf");
            if (parts.Count == 1 && merged is JsonObject { Count: 0 })
            {
                return CompileSchema(parts[0], $"{schema.PointerTo("allOf")}/0");
            }

            foreach (JsonNode? part in parts)
            {
                merged = _merger.Merge(merged, ResolveReference(schema, part), schema.Pointer);
            }

            return CompileSchema(merged, schema.Pointer);
        }

        foreach (string keyword in (string[])["anyOf", "oneOf"])
        {
            if (schema.GetArray(keyword) is { } branches)
            {
                JsonObject rest = _merger.Without(schema.Schema, keyword);
                return new ChoiceNode([.. branches.Select((branch, i) =>
                {
                    string pointer = $"{schema.PointerTo(keyword)}/{i}";
                    return CompileSchema(rest.Count == 0 ? branch : _merger.Merge(rest, branch, pointer), pointer);
                })]);
            }
        }

        return schema.Has("enum") || schema.Has("const") ? CompileValues(schema) : CompileTypes(schema);
    }

    /// <summary>Replaces the reference of an <c>allOf</c> part by the schema that it points to.</summary>
    private JsonNode? ResolveReference(SchemaReader schema, JsonNode? part)
    {
        for (int i = 0; part is JsonObject map && map.TryGetPropertyValue("$ref", out JsonNode? reference); i++)
        {
            if (i == MaxDepth || reference?.GetValueKind() != JsonValueKind.String)
            {
                throw schema.Error("$ref", "within \"allOf\" is not a string, or refers to itself");
            }

            part = _merger.Merge(_merger.Without(map, "$ref"), TargetOf(schema, reference.GetValue<string>()), schema.Pointer);
        }

        return part;
    }

    private JsonNode? TargetOf(SchemaReader schema, string reference)
        => SchemaPointer.Resolve(_context, _root, SchemaPointer.Normalize(reference, schema));

    private ChoiceNode CompileValues(SchemaReader schema)
    {
        foreach ((string keyword, _) in schema.Schema)
        {
            if (keyword is not ("enum" or "const" or "type" or "format") && !SchemaKeywords.IsAnnotation(keyword))
            {
                throw schema.Error(keyword, "beside \"enum\" or \"const\" is not supported; leave it out");
            }
        }

        // Not a JsonArray: adding a value to one fails, because the value already has a parent.
        IEnumerable<JsonNode?> values = schema.Has("const") ? (JsonNode?[])[schema.Get("const")] : schema.GetArray("enum")!;
        if (schema.Has("const") && schema.GetArray("enum") is { } also)
        {
            values = values.Where(value => also.Any(other => JsonNode.DeepEquals(value, other)));
        }

        string[]? types = schema.Has("type") ? TypesOf(schema) : null;
        return new ChoiceNode([.. values.Where(value => types is null || types.Any(type => HasType(value, type))).Select(LiteralOf)]);
    }

    private static bool HasType(JsonNode? value, string type) => (value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        JsonValueKind.Object => type == "object",
        JsonValueKind.Array => type == "array",
        JsonValueKind.String => type == "string",
        JsonValueKind.Number => type == "number"
            || (type == "integer" && ExactDecimal.TryParse(value!.ToJsonString(), out ExactDecimal number) && number.Places == 0),
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        _ => type == "null",
    };

    private static GrammarNode LiteralOf(JsonNode? value) => value switch
    {
        JsonObject map => new ObjectNode(
            [.. map.Select(static pair => new NamedProperty(pair.Key, LiteralOf(pair.Value), true))], null, JsonGrammar.WhiteSpace),
        JsonArray list => new ArrayNode([.. list.Select(LiteralOf)], null, list.Count, list.Count, null),
        null => new LiteralNode("null"),
        _ when value.GetValueKind() == JsonValueKind.String => new LiteralNode($"\"{JsonCharacterEncoding.Escape(value.GetValue<string>())}\""),
        _ => new LiteralNode(value.ToJsonString()),
    };

    private GrammarNode CompileTypes(SchemaReader schema)
    {
        string[] types = schema.Has("type") ? TypesOf(schema) : ImpliedTypes(schema);
        List<GrammarNode> alternatives = [.. types.Select(type => CompileType(schema, type))];
        return types == AllTypes ? _json.Value : alternatives.Count == 1 ? alternatives[0] : new ChoiceNode(alternatives);
    }

    private static string[] TypesOf(SchemaReader schema)
    {
        string[] types = schema.Get("type") is JsonArray ? schema.GetStrings("type") : [schema.GetString("type")!];
        foreach (string type in types)
        {
            if (type != "integer" && !AllTypes.Contains(type))
            {
                throw schema.Error("type", $"is \"{type}\"; allowed: integer, {string.Join(", ", AllTypes)}");
            }
        }

        return [.. types.Where(type => type != "integer" || !types.Contains("number")).Distinct()];
    }

    /// <summary>Returns the types that the keywords of a schema without "type" apply to, or all types if it has no such keywords.</summary>
    private static string[] ImpliedTypes(SchemaReader schema)
    {
        List<string> types = [];
        foreach ((string type, string[] keywords) in ((string, string[])[])
            [
                ("object", SchemaKeywords.OfObjects), ("array", SchemaKeywords.OfArrays),
                ("string", SchemaKeywords.OfStrings), ("number", SchemaKeywords.OfNumbers),
            ])
        {
            if (schema.HasAny(keywords) || (type == "string" && StringFormats.PatternOf(schema) is not null))
            {
                types.Add(type);
            }
        }

        return types.Count == 0 ? AllTypes : [.. types];
    }

    private GrammarNode CompileType(SchemaReader schema, string type) => type switch
    {
        "object" => new ObjectSchemaCompiler(_context, _json, CompileSchema, TargetOf).Compile(schema),
        "array" => new ArraySchemaCompiler(_context, _json, CompileSchema).Compile(schema),
        "string" => _strings.Compile(schema),
        "number" => _numbers.Compile(schema, integer: false),
        "integer" => _numbers.Compile(schema, integer: true),
        "boolean" => new ChoiceNode([new LiteralNode("true"), new LiteralNode("false")]),
        _ => new LiteralNode("null"),
    };
}
