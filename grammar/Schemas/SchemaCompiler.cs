using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Turns one JSON schema into a grammar of the documents it allows. Narrower than the schema in three ways: properties come in the
/// schema's order, white space is bounded, and an object with named properties has no others unless <c>additionalProperties</c> says
/// so. <c>oneOf</c> is read as <c>anyOf</c>.
/// </summary>
internal sealed class SchemaCompiler
{
    private const int MaxText = 1 << 20, MaxDepth = 64, MaxSchemas = 20_000;

    private static readonly string[] AllTypes = ["object", "array", "string", "number", "boolean", "null"];

    private readonly AutomatonScope _scope;
    private readonly JsonGrammar _json;
    private readonly SchemaMerger _merger;
    private readonly StringGrammar _strings;
    private readonly NumberGrammar _numbers;
    private readonly JsonNode? _root;
    private readonly Dictionary<string, NfaRule> _references = [];
    private readonly Queue<(NfaRule Rule, string Pointer)> _open = new();
    private int _count;
    private int _depth;

    private SchemaCompiler(AutomatonScope scope, JsonGrammar json, string schema)
    {
        (_scope, _json) = (scope, json);
        (_merger, _strings, _numbers) = (new SchemaMerger(scope), new StringGrammar(scope, json), new NumberGrammar(scope, json));
        if (schema.Length > MaxText)
        {
            throw scope.Error($"The JSON schema has {schema.Length} characters; allowed are {MaxText}.");
        }

        try
        {
            _root = JsonNode.Parse(schema, null, new JsonDocumentOptions { MaxDepth = MaxDepth * 2, AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw scope.Error($"The JSON schema is not valid JSON: {e.Message}");
        }
    }

    /// <summary>Reads a schema.</summary>
    /// <param name="scope">The constraint's bounds.</param>
    /// <param name="json">JSON's own grammar in that constraint.</param>
    /// <param name="schema">The schema's text.</param>
    /// <exception cref="ConstraintException">It is malformed, too large or uses something unsupported.</exception>
    public static Node Compile(AutomatonScope scope, JsonGrammar json, string schema)
    {
        SchemaCompiler compiler = new(scope, json, schema);
        Node node = new CallNode(compiler.Reference("#"));
        while (compiler._open.TryDequeue(out (NfaRule Rule, string Pointer) item))
        {
            compiler.Read(SchemaPointer.Find(scope, compiler._root, item.Pointer), item.Pointer[1..]).Fill(item.Rule);
        }

        return node;
    }

    private NfaRule Reference(string pointer)
    {
        if (!_references.TryGetValue(pointer, out NfaRule? rule))
        {
            rule = new NfaRule(_scope, pointer == "#" ? "The JSON schema" : $"The JSON schema's {pointer}");
            _references.Add(pointer, rule);
            _open.Enqueue((rule, pointer));
        }

        return rule;
    }

    private Node Read(JsonNode? node, string pointer)
    {
        if (++_count > MaxSchemas)
        {
            throw _scope.Error($"The JSON schema is too complex: it has more than {MaxSchemas} parts.");
        }

        switch (node?.GetValueKind())
        {
            case JsonValueKind.True:
                return _json.Value;
            case JsonValueKind.False:
                return Node.Nothing;
            case JsonValueKind.Object:
                break;
            default:
                throw _scope.Error($"The JSON schema at {(pointer.Length == 0 ? "the top" : pointer)} is no object; allowed: an object, true or false.");
        }

        if (++_depth > MaxDepth)
        {
            throw _scope.Error($"The JSON schema is nested more than {MaxDepth} deep at {pointer}.");
        }

        SchemaReader schema = new(_scope, (JsonObject)node, pointer);
        schema.RequireKnown();
        Node read = ReadObject(schema);
        _depth--;
        return read;
    }

    private Node ReadObject(SchemaReader schema)
    {
        if (schema.Text("$ref") is { } reference)
        {
            JsonObject rest = _merger.Without(schema.Schema, "$ref");
            return rest.Count == 0
                ? new CallNode(Reference(SchemaPointer.Normal(reference, schema)))
                : Read(_merger.Merge(rest, Target(schema, reference), schema.Pointer), schema.Pointer);
        }

        if (schema.List("allOf") is { } parts)
        {
            JsonNode merged = _merger.Without(schema.Schema, "allOf");
            if (parts.Count == 1 && merged is JsonObject { Count: 0 })
            {
                return Read(parts[0], $"{schema.Below("allOf")}/0");
            }

            foreach (JsonNode? part in parts)
            {
                merged = _merger.Merge(merged, Resolved(schema, part), schema.Pointer);
            }

            return Read(merged, schema.Pointer);
        }

        foreach (string keyword in (string[])["anyOf", "oneOf"])
        {
            if (schema.List(keyword) is { } branches)
            {
                JsonObject rest = _merger.Without(schema.Schema, keyword);
                return new ChoiceNode([.. branches.Select((branch, i) =>
                {
                    string pointer = $"{schema.Below(keyword)}/{i}";
                    return Read(rest.Count == 0 ? branch : _merger.Merge(rest, branch, pointer), pointer);
                })]);
            }
        }

        return schema.Has("enum") || schema.Has("const") ? ReadValues(schema) : ReadTypes(schema);
    }

    /// <summary>A schema in whose place stands what it refers to.</summary>
    private JsonNode? Resolved(SchemaReader schema, JsonNode? part)
    {
        for (int i = 0; part is JsonObject map && map.TryGetPropertyValue("$ref", out JsonNode? reference); i++)
        {
            if (i == MaxDepth || reference?.GetValueKind() != JsonValueKind.String)
            {
                throw schema.Error("$ref", "within \"allOf\" is no string, or refers to itself");
            }

            part = _merger.Merge(_merger.Without(map, "$ref"), Target(schema, reference.GetValue<string>()), schema.Pointer);
        }

        return part;
    }

    private JsonNode? Target(SchemaReader schema, string reference)
        => SchemaPointer.Find(_scope, _root, SchemaPointer.Normal(reference, schema));

    private ChoiceNode ReadValues(SchemaReader schema)
    {
        foreach ((string keyword, _) in schema.Schema)
        {
            if (keyword is not ("enum" or "const" or "type") && !SchemaKeywords.IsNote(keyword))
            {
                throw schema.Error(keyword, "beside \"enum\" or \"const\" is not supported; leave it out");
            }
        }

        // As a plain array: a JsonArray would take the value out of its place in the schema.
        IEnumerable<JsonNode?> values = schema.Has("const") ? (JsonNode?[])[schema.Get("const")] : schema.List("enum")!;
        if (schema.Has("const") && schema.List("enum") is { } also)
        {
            values = values.Where(value => also.Any(other => JsonNode.DeepEquals(value, other)));
        }

        string[]? types = schema.Has("type") ? Types(schema) : null;
        return new ChoiceNode([.. values.Where(value => types is null || types.Any(type => IsOf(value, type))).Select(Literal)]);
    }

    private static bool IsOf(JsonNode? value, string type) => (value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        JsonValueKind.Object => type == "object",
        JsonValueKind.Array => type == "array",
        JsonValueKind.String => type == "string",
        JsonValueKind.Number => type == "number"
            || (type == "integer" && ExactDecimal.TryParse(value!.ToJsonString(), out ExactDecimal number) && number.Places == 0),
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        _ => type == "null",
    };

    private static Node Literal(JsonNode? value) => value switch
    {
        JsonObject map => new ObjectNode([.. map.Select(static pair => new NamedProperty(pair.Key, Literal(pair.Value), true))], null),
        JsonArray list => new ArrayNode([.. list.Select(Literal)], null, list.Count, list.Count, null),
        null => new BytesNode("null"),
        _ when value.GetValueKind() == JsonValueKind.String => new BytesNode($"\"{JsonCode.Escape(value.GetValue<string>())}\""),
        _ => new BytesNode(value.ToJsonString()),
    };

    private Node ReadTypes(SchemaReader schema)
    {
        string[] types = schema.Has("type") ? Types(schema) : Implied(schema);
        List<Node> alternatives = [.. types.Select(type => ReadType(schema, type))];
        return types == AllTypes ? _json.Value : alternatives.Count == 1 ? alternatives[0] : new ChoiceNode(alternatives);
    }

    private static string[] Types(SchemaReader schema)
    {
        string[] types = schema.Get("type") is JsonArray ? schema.Texts("type") : [schema.Text("type")!];
        foreach (string type in types)
        {
            if (type != "integer" && !AllTypes.Contains(type))
            {
                throw schema.Error("type", $"is \"{type}\"; allowed: integer, {string.Join(", ", AllTypes)}");
            }
        }

        return [.. types.Where(type => type != "integer" || !types.Contains("number")).Distinct()];
    }

    /// <summary>The type that a schema without one means, by the keywords it has.</summary>
    private static string[] Implied(SchemaReader schema)
    {
        List<string> types = [];
        foreach ((string type, string[] keywords) in ((string, string[])[])
            [
                ("object", SchemaKeywords.OfObjects), ("array", SchemaKeywords.OfArrays),
                ("string", SchemaKeywords.OfStrings), ("number", SchemaKeywords.OfNumbers),
            ])
        {
            if (schema.HasAny(keywords))
            {
                types.Add(type);
            }
        }

        return types.Count == 0 ? AllTypes : [.. types];
    }

    private Node ReadType(SchemaReader schema, string type) => type switch
    {
        "object" => new ObjectGrammar(_scope, _json, Read).Read(schema),
        "array" => new ArrayGrammar(_scope, _json, Read).Read(schema),
        "string" => _strings.Read(schema),
        "number" => _numbers.Read(schema, integer: false),
        "integer" => _numbers.Read(schema, integer: true),
        "boolean" => new ChoiceNode([new BytesNode("true"), new BytesNode("false")]),
        _ => new BytesNode("null"),
    };
}
