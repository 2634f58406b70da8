# ruleid: text-is-never-code
yaml.load(text)
# ruleid: text-is-never-code
pickle.loads(body)
# ruleid: text-is-never-code
subprocess.run(words, shell=True)
# ok: text-is-never-code
subprocess.run(words, check=True)

# ruleid: an-xml-parser-resolves-nothing
etree.XMLParser(no_network=True)
# ruleid: an-xml-parser-resolves-nothing
etree.fromstring(body)
# ok: an-xml-parser-resolves-nothing
etree.XMLParser(resolve_entities=False, no_network=True)
# ok: an-xml-parser-resolves-nothing
etree.fromstring(body, parser)

# ruleid: zeep-keeps-its-protections
Settings(strict=False)
# ok: zeep-keeps-its-protections
Settings(strict=True, forbid_dtd=True, forbid_entities=True, xml_huge_tree=False)

# ruleid: a-statement-holds-no-value
connection.execute(f"SELECT {name}")
# ruleid: a-statement-holds-no-value
cursor.execute("SELECT %s" % name)
# ok: a-statement-holds-no-value
connection.execute(text("SELECT :name"), {"name": name})
