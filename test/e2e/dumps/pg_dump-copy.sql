--
-- PostgreSQL database dump
--

\restrict x

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: f(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.f() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO users (email) VALUES ('trap@example.com'); RETURN NEW; END $$;

ALTER FUNCTION public.f() OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: users; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.users (
    id integer NOT NULL,
    "Display Name" text,
    email character varying(254) NOT NULL,
    password bytea,
    is_active boolean DEFAULT true NOT NULL,
    date_joined timestamp with time zone,
    roles text[],
    note text,
    CONSTRAINT c CHECK ((length((email)::text) > 3))
);

ALTER TABLE public.users OWNER TO postgres;

--
-- Name: g(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.g() RETURNS void
    LANGUAGE sql
    BEGIN ATOMIC
 INSERT INTO public.users (email)
   VALUES ('trap2@example.com'::character varying);
 SELECT
         CASE
             WHEN true THEN 1
             ELSE NULL::integer
         END AS "case";
END;

ALTER FUNCTION public.g() OWNER TO postgres;

--
-- Name: users_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

ALTER TABLE public.users ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.users_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.users (id, "Display Name", email, password, is_active, date_joined, roles, note) FROM stdin;
1	O'Brien \\ tab\t	Ann@Example.com	\\x243262	t	2024-01-01 18:04:05.678+00	{admin,editor}	two\nlines\\.
2	한국어	b@example.com	\N	f	\N	\N	\\N
3	); INSERT INTO users VALUES (9,'x');	c@example.com	\\x00	t	1999-12-31 23:59:59+00	{}	\\.\n\\.\n
\.

--
-- Name: users_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.users_id_seq', 3, true);

--
-- Name: users users_email_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_email_key UNIQUE (email);

--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

--
-- PostgreSQL database dump complete
--

\unrestrict x

